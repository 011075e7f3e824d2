// Who is there: a key, or a sign-in at the provider, if the server has one.
import { Fragment, h, useEffect, useState } from "./base.js";
import { ask, gql, setCredential } from "./graphql.js";
import { t } from "./messages.js";
import { codeOf, leaveFor, noteSignedIn, offer } from "./oidc.js";
import { Button, Text, Trouble } from "./ui.js";

export const VIEWER = gql`query ConsoleViewer { viewer { subject permissions } }`;

const refusals = () => ({
  denied: t("The provider did not let you in."),
  state: t("This answer of the provider belongs to no sign-in that was begun here. Please sign in again."),
  expired: t("The sign-in took too long, or was used before. Please sign in again."),
  again: t("Your sign-in has expired. Please sign in again; you come back to where you were."),
  token: t("What the provider sent belongs to another sign-in. Please sign in again."),
  unauthenticated: t("The provider knows you, but its token is not accepted here. Ask whoever runs this server."),
  provider: t("The provider can't be reached, or is not set up for this. Try again later."),
  offline: t("The server can't be reached. Check your connection; nothing you saved is lost."),
});

function Provider({ back, failed }) {
  const [provider, setProvider] = useState(null);
  const [error, setError] = useState(failed);
  useEffect(() => {
    offer().then(setProvider, setError);
  }, []);
  const go = () => leaveFor(provider, back).catch(setError);
  return h(
    Fragment,
    null,
    error && h("p.notice.bad", { role: "alert" }, refusals()[codeOf(error)] ?? refusals().provider),
    provider && h(Button, { kind: "primary", onClick: go }, t("Sign in with {name}", { name: new URL(provider.issuer).host })),
    provider && h("p.small", null, t("Or with a key:")),
  );
}

/** `back`: where to go on. `failed`: what became of a sign-in at the provider. */
export function SignIn({ done, back, failed }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState(null);
  async function submit(event) {
    event.preventDefault();
    try {
      const data = await ask(VIEWER, {}, { key: key.trim() || " " });
      setCredential(key.trim());
      noteSignedIn(false);
      done(data.viewer);
    } catch (problem) {
      setError(problem);
    }
  }
  const words = error?.kind === "unauthenticated" ? t("This key is not valid, or has expired.") : null;
  return h(
    "form.signin.card",
    { onSubmit: submit },
    h("h1", null, t("Sign in")),
    h(Provider, { back, failed }),
    h("p", null, t("Paste an API key. It is kept until this tab is closed, and nowhere else.")),
    h(Text, { label: t("API key"), type: "password", value: key, set: setKey, required: true, error: words }),
    error && !words && h(Trouble, { error }),
    h(Button, { type: "submit", kind: "primary" }, t("Sign in")),
  );
}
