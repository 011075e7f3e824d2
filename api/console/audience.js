// A new audience: a list of accounts, or a filter that is evaluated whenever it is used.
import { Fragment, h, nodes, useSettled, useState } from "./base.js";
import { act, gql, useQuery } from "./graphql.js";
import { count, t } from "./messages.js";
import { Answer, Button, Check, Dialog, Loading, Outcome, Select, Text, useAct } from "./ui.js";

const CREATE = gql`mutation ConsoleCreateAudience($input: AccountAudienceInput!, $idempotencyKey: String) {
  createAccountAudience(input: $input, idempotencyKey: $idempotencyKey) { accountAudience { id } userErrors { field code message } }
}`;
const ACCOUNTS = gql`query ConsoleAudienceAccounts($filter: AccountFilter) {
  accounts(first: 20, filter: $filter, orderBy: { field: NAME, direction: ASC }) { totalCount edges { node { id name industry } } }
}`;
const PRODUCTS = gql`query ConsoleProducts { products(first: 100) { edges { node { id name } } } }`;
const KINDS = ["DYNAMIC", "STATIC"];

export default function Audience({ close, done = () => {} }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("DYNAMIC");
  const [rule, setRule] = useState({ productId: "", revenue: "", industry: "", country: "", level: "" });
  const [accounts, setAccounts] = useState([]);
  const filter = compiled(rule);
  const [state, save] = useAct(() => act(CREATE, { input: { name, ...(kind === "STATIC" ? { accountIds: accounts.map((one) => one.id) } : { filter }) } }));
  async function submit(event) {
    event.preventDefault();
    const payload = await save();
    if (payload?.accountAudience) {
      close();
      done();
    }
  }
  const toggle = (one) => setAccounts((now) => (now.some((other) => other.id === one.id) ? now.filter((other) => other.id !== one.id) : [...now, one]));
  const words = { DYNAMIC: t("By a filter"), STATIC: t("As a list") };
  return h(
    Dialog,
    { title: t("New audience"), close, wide: true },
    h(
      "form",
      { onSubmit: submit },
      h(Text, { label: t("Name"), value: name, set: setName, required: true, maxLength: 255 }),
      h(Select, { label: t("Accounts are given"), value: kind, set: setKind, options: KINDS.map((one) => [one, words[one]]) }),
      kind === "DYNAMIC" ? h(Rule, { rule, setRule, filter }) : h(Listed, { accounts, toggle }),
      h(Outcome, { state }),
      h("footer", null, h(Button, { onClick: close }, t("Cancel")), h(Button, { kind: "primary", type: "submit", disabled: state.busy || (kind === "STATIC" ? !accounts.length : !Object.keys(filter).length) }, t("Save"))),
    ),
  );
}

function compiled({ productId, revenue, industry, country, level }) {
  return {
    ...(productId && { ownsProduct: { productIds: [productId], ...(revenue !== "" && { revenue: { gt: Number(revenue) } }) } }),
    ...(industry && { industries: [industry] }),
    ...(country && { countries: [country] }),
    ...(level === "TOP" && { depth: { lte: 0 } }),
    ...(level === "BELOW" && { depth: { gte: 1 } }),
  };
}

function Rule({ rule, setRule, filter }) {
  const { data } = useQuery(PRODUCTS);
  const wanted = JSON.stringify(filter);
  const settled = useSettled(wanted);
  const query = useQuery(settled === "{}" ? null : ACCOUNTS, { filter: JSON.parse(settled) });
  const known = wanted === settled && !query.loading; // no count stands beside a filter that it isn't of
  const set = (name) => (value) => setRule({ ...rule, [name]: value });
  return h(
    Fragment,
    null,
    h(
      "div.grid",
      null,
      h(Select, { label: t("Owns product"), any: t("Any"), value: rule.productId, set: set("productId"), options: nodes(data?.products).map((one) => [one.id, one.name]) }),
      rule.productId && h(Text, { label: t("with revenue above"), type: "number", min: 0, value: rule.revenue, set: set("revenue") }),
      h(Text, { label: t("Industry"), value: rule.industry, set: set("industry") }),
      h(Text, { label: t("Country"), value: rule.country, set: set("country") }),
      h(Select, { label: t("Place in the hierarchy"), any: t("Any"), value: rule.level, set: set("level"), options: [["TOP", t("At the top")], ["BELOW", t("Below the top")]] }),
    ),
    wanted !== "{}" && !known && h(Loading, null),
    wanted !== "{}" && known && h(Answer, { query }, ({ accounts }) => h("p.estimate", { role: "status" }, count(accounts.totalCount, "{n} account", "{n} accounts"), accounts.totalCount > 0 && `: ${nodes(accounts).slice(0, 5).map((one) => one.name).join(", ")}${accounts.totalCount > 5 ? " …" : ""}`)),
  );
}

function Listed({ accounts, toggle }) {
  const [text, setText] = useState("");
  const search = useSettled(text);
  const query = useQuery(ACCOUNTS, { filter: { search: search || null } });
  return h(
    Fragment,
    null,
    h(Text, { label: t("Search accounts"), type: "search", value: text, set: setText }),
    accounts.length > 0 && h("p.small", null, t("Chosen: {names}", { names: accounts.map((one) => one.name).join(", ") })),
    h(Answer, { query }, (data) => h("ul.pick", null, nodes(data.accounts).map((one) => h("li", { key: one.id }, h(Check, { value: accounts.some((other) => other.id === one.id), set: () => toggle(one), label: h(Fragment, null, one.name, h("span.small.muted", null, ` ${one.industry ?? ""}`)) }))))),
  );
}
