// The frame: who is there, the tabs, and the view that the address names.
import { Fragment, h, render, useEffect, useLayoutEffect, useRef, useState } from "./base.js";
import { ApiError, ask, credential, onRefused, setCredential } from "./graphql.js";
import { LANGUAGES, choose, language, speak, t } from "./messages.js";
import { SignInError, arrive, leaveFor, noteSignedIn, offer, signedIn } from "./oidc.js";
import { Link, navigate, useRoute } from "./router.js";
import { SignIn, VIEWER } from "./signin.js";
import { Button, Loading, Page, Trouble, permit } from "./ui.js";

const VIEWS = {
  overview: () => import("./overview.js"),
  groups: () => import("./groups.js"),
  interests: () => import("./interests.js"),
  templates: () => import("./templates.js"),
  stages: () => import("./stages.js"),
  accounts: () => import("./accounts.js"),
};
const SIGN_IN = "/sign-in";
const here = () => window.location.pathname + window.location.search;
const tabs = () => [
  ["overview", t("Overview")],
  ["groups", t("Browse")],
  ["interests", t("Solution interests")],
  ["templates", t("Role templates")],
  ["stages", t("Stages")],
];

function Frame({ view, viewer, leave, children }) {
  const here = view === "accounts" ? "groups" : view;
  return h(
    Fragment,
    null,
    h("a.skip", { href: "#main", onClick: skip }, t("Skip to content")),
    h(
      "header.frame",
      null,
      h(Link, { to: "/overview", class: "brand" }, h("img", { src: new URL("./icon.svg", import.meta.url).pathname, alt: "", width: 28, height: 28 }), "Buying Groups"),
      viewer &&
        h("nav.tabs", { "aria-label": t("Views") }, tabs().map(([name, words]) => h(Link, { to: `/${name}`, key: name, "aria-current": name === here ? "page" : null }, words))),
      h(
        "div.who",
        null,
        viewer && h("span.subject", null, viewer.subject),
        h("select", { "aria-label": t("Language"), onChange: (event) => choose(event.currentTarget.value) }, Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, key: code, selected: code === language }, name))),
        credential() && viewer && h(Button, { kind: "quiet", onClick: leave }, t("Sign out")),
      ),
    ),
    h("main", { id: "main", tabIndex: -1 }, children),
  );
}

/** Narrow windows show some of the tabs: the one that is open is among them. */
function showTab() {
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

const brought = {}; // the views whose modules are there

async function bring(name) {
  brought[name] = (await VIEWS[name]()).default;
}

function useView(name) {
  const [loaded, setLoaded] = useState({});
  useLayoutEffect(() => {
    if (!VIEWS[name] || brought[name]) return;
    bring(name).then(
      () => setLoaded({ name }),
      () => setLoaded({ name, error: new ApiError("offline", "") }),
    );
  }, [name]);
  return brought[name] ? { View: brought[name] } : loaded.name === name ? loaded : {};
}

function Content({ route, name }) {
  const { View, error } = useView(name);
  if (!VIEWS[name]) return h(Page, { title: t("There is no such page") }, h(Link, { to: "/overview" }, t("To the overview")));
  if (error) return h(Trouble, { error, retry: () => window.location.reload() });
  return View ? h(View, { route, key: name }) : h(Loading, null);
}

function Console() {
  const route = useRoute();
  const [viewer, setViewer] = useState(null);
  const [state, setState] = useState({ loading: true });
  const name = route.path[0] ?? "overview";
  const enter = (found) => {
    permit(found.permissions);
    setViewer(found);
    setState({});
    // Where one comes from is where one goes on, but from the address of the sign-in itself.
    if (window.location.pathname === SIGN_IN) navigate(comingFrom.current, { replace: true });
  };
  const comingFrom = useRef("/overview");
  function look() {
    setState({ loading: true });
    ask(VIEWER).then(
      (data) => enter(data.viewer),
      (error) => (error.kind === "unauthenticated" ? setState((now) => ({ signIn: true, ...now })) : setState({ error })),
    );
  }
  function leave(failed = null) {
    setCredential(null);
    noteSignedIn(false);
    setViewer(null);
    setState({ signIn: true, failed });
  }
  /** The server knows this credential no longer. The provider may still know who is there. */
  async function refused() {
    if (!signedIn()) return leave();
    setCredential(null);
    noteSignedIn(false);
    setState({ renewing: true }); // nobody is told that the sign-in has expired as long as it may be renewed
    try {
      const provider = await offer();
      if (provider) return await leaveFor(provider, here(), { silent: true });
    } catch {
      // then whoever is there has to do it
    }
    leave(new SignInError("again"));
  }
  async function begin() {
    if (window.location.pathname !== SIGN_IN) return look();
    try {
      const back = await arrive();
      if (back === null) return look();
      comingFrom.current = back;
      const data = await ask(VIEWER, {}, { key: credential() });
      noteSignedIn(true);
      enter(data.viewer);
    } catch (error) {
      if (error.back) comingFrom.current = error.back;
      leave(error);
    }
  }
  // At once, not after the first paint: all that is shown waits for it.
  useLayoutEffect(() => onRefused(refused), []);
  useLayoutEffect(() => void begin(), []);
  useEffect(() => {
    if (!route.path.length) navigate("/overview", { replace: true });
  }, [route]);
  const place = route.path.join("/");
  useEffect(() => {
    if (viewer && document.activeElement && document.activeElement !== document.body) document.getElementById("main").focus({ preventScroll: true });
    showTab();
    window.scrollTo(0, 0);
  }, [place, viewer]);
  useEffect(() => {
    window.addEventListener("resize", showTab);
    return () => window.removeEventListener("resize", showTab);
  }, []);
  function shown() {
    if (state.renewing) return h(Loading, null);
    if (state.signIn) return h(SignIn, { done: enter, back: window.location.pathname === SIGN_IN ? comingFrom.current : here(), failed: state.failed });
    if (state.error) return h(Trouble, { error: state.error, retry: look });
    return viewer ? h(Content, { route, name }) : h(Loading, null);
  }
  return h(Frame, { view: name, viewer, leave: () => leave() }, shown());
}

const first = window.location.pathname.split("/")[1] || "overview";
if (VIEWS[first]) bring(first).catch(() => {}); // it comes while the server is asked who is there; if it fails, it is asked for again
await speak();
render(h(Console, null), document.getElementById("console"));
