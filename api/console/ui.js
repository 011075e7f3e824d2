// What views are made of.
import { Fragment, h, rounded, useEffect, useId, useLayoutEffect, useRef, useState } from "./base.js";
import { count, number, t, word } from "./messages.js";
import { Link } from "./router.js";

let may = new Set();
export const permit = (permissions) => (may = new Set(permissions));
/** Whether the caller has the permission: what one may not do is not offered. */
export const can = (permission) => may.has(permission);

export function Page({ title, crumbs = [], actions, intro, children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = title ? `${title} · Buying Groups` : "Buying Groups";
  }, [title]);
  return h(
    Fragment,
    null,
    crumbs.length > 0 && h("nav.crumbs", { "aria-label": t("Where you are") }, crumbs.map(([words, to]) => h(Link, { to, key: to }, words))),
    h("header.page", null, h("div", null, h("h1", { ref: heading, tabIndex: -1, id: "title" }, title), intro && h("p.intro", null, intro)), actions && h("div.actions", null, actions)),
    children,
  );
}

/** What to show while there is no data, and what went wrong. `children` is called with the data. */
export function Answer({ query, children }) {
  const { data, error, loading, reload } = query;
  return h(
    Fragment,
    null,
    error && h(Trouble, { error, retry: reload }),
    data ? h("div", { "aria-busy": loading ? "true" : null }, children(data)) : !error && loading && h(Loading, null),
  );
}

export function Loading() {
  return h("div.loading", { role: "status" }, h("span.spinner", null), t("Loading …"));
}

export function Trouble({ error, retry }) {
  const words = {
    offline: t("The server can't be reached. Check your connection; nothing you saved is lost."),
    forbidden: `${t("You may not do this.")} ${error.message}`,
    unauthenticated: t("Please sign in."),
  };
  return h(
    "div.notice.bad",
    { role: "alert" },
    h("p", null, words[error.kind] ?? (error.message || t("Something went wrong."))),
    error.requestId && h("p.small", null, t("Request {id}", { id: error.requestId })),
    retry && h(Button, { onClick: retry }, t("Try again")),
  );
}

export function Empty({ title, children }) {
  return h("div.empty", null, h("p.strong", null, title), children);
}

export function Notice({ kind = "good", children }) {
  return children ? h("div.notice", { class: kind, role: kind === "bad" ? "alert" : "status" }, children) : null;
}

/** The server's refusals, in its words. */
export function Refusals({ errors }) {
  if (!errors?.length) return null;
  return h("div.notice.bad", { role: "alert" }, h("ul.plain", null, errors.map((one, i) => h("li", { key: i }, one.message))));
}

export function Button({ kind = "", type = "button", ...rest }) {
  return h("button.button", { class: kind, type, ...rest });
}

export function Field({ label, hint, error, children, class: given }) {
  const id = useId();
  const help = hint || error ? `${id}-h` : null;
  return h(
    "div.field",
    { class: given },
    h("label", { for: id }, label),
    children({ id, "aria-describedby": help, "aria-invalid": error ? "true" : null }),
    help && h("p.hint", { id: help, class: error ? "wrong" : null }, error ?? hint),
  );
}

export function Text({ label, value, set, hint, error, lines, ...rest }) {
  const props = { value: value ?? "", onInput: (event) => set(event.currentTarget.value), autocomplete: "off", ...rest };
  return h(Field, { label, hint, error, children: (given) => h(lines ? "textarea" : "input", { rows: lines, ...props, ...given }) });
}

/** A search by name. It is set once one pauses to type. */
export function Search({ value, set }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => set(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  return h("input.search", { type: "search", "aria-label": t("Search by name"), placeholder: t("Search by name"), value: text, onInput: (event) => setText(event.currentTarget.value) });
}

/** `options`: [value, words]. With `any`, the first one is the empty value. */
export function Select({ label, value, set, options, any, hint, error, ...rest }) {
  const shown = any === undefined ? options : [["", any], ...options];
  return h(Field, {
    label,
    hint,
    error,
    children: (given) =>
      h(
        "select",
        { value: value ?? "", onChange: (event) => set(event.currentTarget.value), ...rest, ...given },
        shown.map(([one, words]) => h("option", { value: one, key: one, selected: one === (value ?? "") }, words)),
      ),
  });
}

export function Check({ label, value, set, ...rest }) {
  return h("label.check", null, h("input", { type: "checkbox", checked: value, onChange: (event) => set(event.currentTarget.checked), ...rest }), h("span", null, label));
}

export const enumOptions = (values) => values.map((one) => [one, word(one)]);

/** A modal dialog: Escape closes it, and focus goes back to where it was. */
export function Dialog({ title, close, children, wide }) {
  const ref = useRef(null);
  const id = useId("d");
  useLayoutEffect(() => {
    const before = document.activeElement;
    ref.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    close();
  };
  return h(
    "dialog",
    { ref, class: wide ? "wide" : null, "aria-labelledby": id, onCancel },
    h("header", null, h("h2", { id }, title), h(Button, { kind: "quiet", "aria-label": t("Close"), onClick: close }, "×")),
    h("div.body", null, children),
  );
}

/** Asks before something that can't be undone. `act` returns the server's refusals. */
export function Confirm({ title, words, button, act, close }) {
  const [state, setState] = useState({});
  async function go() {
    setState({ busy: true });
    try {
      const errors = await act();
      if (errors?.length) setState({ errors });
      else close();
    } catch (error) {
      setState({ error });
    }
  }
  return h(
    Dialog,
    { title, close },
    h("p", null, words),
    state.error && h(Trouble, { error: state.error }),
    h(Refusals, { errors: state.errors }),
    h("footer", null, h(Button, { onClick: close }, t("Cancel")), h(Button, { kind: "danger", onClick: go, disabled: state.busy }, button)),
  );
}

/** A score from 0 to 100 as a number and a bar. */
export function Score({ value, label }) {
  const shown = rounded(value);
  if (shown === null) return h("span.muted", null, t("none yet"));
  return h(
    "span.score",
    { class: shown <= 25 ? "b1" : shown <= 50 ? "b2" : shown <= 75 ? "b3" : "b4" },
    h("span.n", null, number(shown), h("span.visually-hidden", null, label ? ` ${label}` : " / 100")),
    h("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect.bed", { width: 100, height: 6 }), h("rect.bar", { width: shown, height: 6 })),
  );
}

/** How far something is, as a bar that a screen reader can read. */
export function Progress({ done, total, label }) {
  const part = total ? Math.round((100 * done) / total) : 0;
  return h("div.progress", null, h("progress", { max: 100, value: part, "aria-label": label }, `${part} %`), h("span", null, `${part} %`));
}

export const Badge = ({ kind, children }) => h("span.badge", { class: kind }, children);
export const Status = ({ value }) => h(Badge, { kind: value.toLowerCase() }, word(value));
export const Source = ({ value }) => h(Badge, { kind: value.toLowerCase() }, word(value));

/** What tables have around their rows. `inner` refers to the table; `rowCount`: how many rows there are, where not all are in the page. */
export function Frame({ caption, columns, sort, sorted, inner, rowCount, class: given, children }) {
  return h(
    "div.table",
    { class: given },
    h(
      "table",
      { role: "table", ref: inner, "aria-rowcount": rowCount },
      h("caption.visually-hidden", null, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) => h(Heading, { column, sort, sorted, key: column.name })))),
      children,
    ),
  );
}

/** `index`: its place among all rows, where not all are in the page. */
export function Row({ row, columns, index }) {
  return h("tr", { role: "row", "aria-rowindex": index }, columns.map((column) => h("td", { role: "cell", key: column.name, class: column.kind, "data-label": column.words }, column.cell(row))));
}

/** A table that becomes a list of cards where there is no room. `columns`: {name, words, cell, sort, kind}. */
export function Table({ caption, columns, rows, sort, sorted, key = (row) => row.id }) {
  return h(Frame, { caption, columns, sort, sorted }, h("tbody", { role: "rowgroup" }, rows.map((row) => h(Row, { row, columns, key: key(row) }))));
}

function Heading({ column, sort, sorted }) {
  const mine = column.sort && sorted?.field === column.sort;
  const way = mine ? (sorted.direction === "ASC" ? "ascending" : "descending") : null;
  const turn = () => sort({ field: column.sort, direction: mine && sorted.direction === "DESC" ? "ASC" : mine ? "DESC" : column.first ?? "ASC" });
  return h(
    "th",
    { role: "columnheader", scope: "col", "aria-sort": way, class: column.kind },
    column.sort ? h("button.sort", { type: "button", onClick: turn }, column.words, h("span", { "aria-hidden": "true" }, way === "ascending" ? " ▲" : way ? " ▼" : " ↕")) : column.hidden ? h("span.visually-hidden", null, column.words) : column.words,
  );
}

export function Pager({ info, total, go, one = "{n} group", many = "{n} groups" }) {
  if (!info.hasPreviousPage && !info.hasNextPage) return total === undefined ? null : h("p.pager", { role: "status" }, count(total, one, many));
  return h(
    "nav.pager",
    { "aria-label": t("Pages") },
    h("span", { role: "status" }, total !== undefined && count(total, one, many)),
    h("div", null, h(Button, { disabled: !info.hasPreviousPage, onClick: () => go({ before: info.startCursor }) }, t("Previous")), h(Button, { disabled: !info.hasNextPage, onClick: () => go({ after: info.endCursor }) }, t("Next"))),
  );
}

/** A section with a heading. */
export function Section({ title, actions, children, id }) {
  const own = useId("s");
  return h("section.card", { "aria-labelledby": own, id }, h("header", null, h("h2", { id: own }, title), actions && h("div.actions", null, actions)), children);
}

/** A mutation that a form or a button starts: [state, start]. `start` returns the payload, or null if it couldn't be had. */
export function useAct(run) {
  const [state, setState] = useState({ busy: false, error: null, errors: [] });
  async function start(...args) {
    setState({ busy: true, error: null, errors: [] });
    try {
      const payload = await run(...args);
      setState({ busy: false, error: null, errors: payload.userErrors ?? [] });
      return payload;
    } catch (error) {
      setState({ busy: false, error, errors: [] });
      return null;
    }
  }
  return [state, start];
}

export function Outcome({ state }) {
  return h(Fragment, null, state.error && h(Trouble, { error: state.error }), h(Refusals, { errors: state.errors }));
}
