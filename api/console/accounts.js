// Accounts: the tops of the hierarchies; and one account in its tree, with all below it added up.
import { Fragment, h, nodes, useSettled, useState } from "./base.js";
import { gql, useQuery } from "./graphql.js";
import { count, money, number, t, word } from "./messages.js";
import { Link, navigate, path } from "./router.js";
import { Answer, Empty, Page, Pager, Score, Section, Select, Table, enumOptions } from "./ui.js";

const ACCOUNTS = gql`query ConsoleAccounts($filter: AccountFilter, $first: Int, $after: String, $last: Int, $before: String) {
  accounts(filter: $filter, first: $first, after: $after, last: $last, before: $before, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { node { id name industry region depth rollup { accounts people buyingGroups meanCompleteness } } }
  }
}`;
const ACCOUNT = gql`query ConsoleAccount($id: ID!, $scope: HierarchyScope!, $after: String, $before: String, $first: Int, $last: Int) {
  account(id: $id) {
    id name type industry region city country website annualRevenue employeeCount
    ancestors { id name }
    rollup { accounts people buyingGroups members meanCompleteness meanEngagement }
    ownedProducts { product { name } revenue }
    children(first: $first, last: $last, after: $after, before: $before) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id name rollup { accounts people buyingGroups members meanCompleteness meanEngagement } } } }
    buyingGroups(first: 50, scope: $scope) { totalCount edges { node { id name completeness engagementScore memberCount account { id name } } } }
    people(first: 50, scope: $scope) { totalCount edges { title relationship account { id name } node { id name email } } }
    contactCoverage { people role { name } solutionInterest { id name } }
  }
}`;
const SCOPES = ["ACCOUNT", "ANCESTORS", "DESCENDANTS", "HIERARCHY"];
const PAGE = 50;

function place(search) {
  const before = search.get("before");
  return before ? { last: PAGE, before } : { first: PAGE, after: search.get("after") };
}

function List({ route }) {
  const [text, setText] = useState(route.search.get("search") ?? "");
  const search = useSettled(text);
  const query = useQuery(ACCOUNTS, { filter: search ? { search } : { depth: { lte: 0 } }, ...place(route.search) });
  const columns = [
    { name: "name", words: t("Account"), kind: "main", cell: (one) => h(Link, { to: path("accounts", one.id) }, one.name) },
    { name: "industry", words: t("Industry"), cell: (one) => one.industry ?? "–" },
    { name: "region", words: t("Region"), cell: (one) => one.region ?? "–" },
    ...rolled((one) => one.rollup).filter((column) => ["accounts", "people", "groups", "completeness"].includes(column.name)),
  ];
  return h(
    Page,
    { title: t("Accounts"), crumbs: [[t("Browse"), "/groups"]], intro: t("The tops of the hierarchies, with everything below them added up.") },
    h("div.toolbar", null, h("input.search", { type: "search", "aria-label": t("Search all accounts"), placeholder: t("Search all accounts"), value: text, onInput: (event) => setText(event.currentTarget.value) })),
    h(Answer, { query }, ({ accounts }) =>
      accounts.edges.length === 0
        ? h(Empty, { title: t("No account found.") })
        : h(Fragment, null, h(Table, { caption: t("Accounts"), columns, rows: nodes(accounts) }), h(Pager, { info: accounts.pageInfo, total: accounts.totalCount, one: "{n} account", many: "{n} accounts", go: (next) => navigate(path("accounts", { search, ...next })) })),
    ),
  );
}

const rolled = (of) => [
  { name: "accounts", words: t("Accounts"), kind: "number", cell: (one) => number(of(one).accounts) },
  { name: "people", words: t("People"), kind: "number", cell: (one) => number(of(one).people) },
  { name: "groups", words: t("Groups"), kind: "number", cell: (one) => number(of(one).buyingGroups) },
  { name: "members", words: t("Members"), kind: "number", cell: (one) => number(of(one).members) },
  { name: "completeness", words: t("Completeness"), cell: (one) => h(Score, { value: of(one).meanCompleteness }) },
  { name: "engagement", words: t("Engagement"), cell: (one) => h(Score, { value: of(one).meanEngagement }) },
];

function Details({ id, route }) {
  const scope = SCOPES.find((one) => one === route.search.get("scope")) ?? "DESCENDANTS";
  const query = useQuery(ACCOUNT, { id, scope, ...place(route.search) });
  const account = query.data?.account;
  if (query.data && !account) return h(Page, { title: t("There is no such account") }, h(Link, { to: "/accounts" }, t("Accounts")));
  return h(Answer, { query }, () => h(Shown, { account, scope, id }));
}

function Shown({ account, scope, id }) {
  const facts = [account.type, account.industry, account.region, account.annualRevenue && t("revenue {n}", { n: money(account.annualRevenue) }), account.employeeCount && count(account.employeeCount, "{n} employee", "{n} employees")].filter(Boolean).join(" · ");
  const crumbs = [[t("Browse"), "/groups"], [t("Accounts"), "/accounts"], ...[...account.ancestors].reverse().map((one) => [one.name, path("accounts", one.id)])];
  const { rollup } = account;
  return h(
    Page,
    { title: account.name, crumbs, intro: facts, actions: h(Link, { class: "button", to: path("groups", "graph", { kind: "account", id }) }, t("Graph")) },
    h("div.facts", null, [[t("Accounts"), rollup.accounts], [t("People"), rollup.people], [t("Groups"), rollup.buyingGroups], [t("Members"), rollup.members]].map(([words, n]) => h("div.fact.card", { key: words }, h("p.label", null, words), h("p.big", null, number(n))))),
    h("p.small.muted.under", null, t("This account and everything below it; each person counts once.")),
    h(Section, { title: t("Tree") }, h(Tree, { account })),
    account.contactCoverage.length > 0 && h(Section, { title: t("Who covers which role") }, h(Coverage, { cells: account.contactCoverage })),
    h("div.toolbar", null, h(Select, { label: t("Groups and people of"), value: scope, set: (next) => navigate(path("accounts", id, { scope: next }), { replace: true }), options: enumOptions(SCOPES) })),
    h(Section, { title: t("Buying groups ({n})", { n: number(account.buyingGroups.totalCount) }) }, h(GroupsOf, { groups: account.buyingGroups })),
    h(Section, { title: t("People ({n})", { n: number(account.people.totalCount) }) }, h(PeopleOf, { people: account.people })),
  );
}

function Tree({ account }) {
  const rows = nodes(account.children);
  const columns = [{ name: "name", words: t("Account"), kind: "main", cell: (one) => h(Link, { to: path("accounts", one.id) }, one.name) }, ...rolled((one) => one.rollup)];
  return h(
    Fragment,
    null,
    h("ul.above", null, [...account.ancestors].reverse().map((one) => h("li", { key: one.id }, h(Link, { to: path("accounts", one.id) }, one.name))), h("li", { "aria-current": "true" }, account.name)),
    rows.length ? h(Table, { caption: t("Right below"), columns, rows }) : h("p.muted", null, t("Nothing is below it.")),
    h(Pager, { info: account.children.pageInfo, go: (next) => navigate(path("accounts", account.id, next)) }),
  );
}

function Coverage({ cells }) {
  const interests = [...new Map(cells.map((one) => [one.solutionInterest.id, one.solutionInterest])).values()];
  const roles = [...new Set(cells.map((one) => one.role.name))];
  const of = (interest, role) => cells.find((one) => one.solutionInterest.id === interest.id && one.role.name === role)?.people;
  const columns = [{ name: "interest", words: t("Solution interest"), kind: "main", cell: (one) => h(Link, { to: path("interests", one.id) }, one.name) }, ...roles.map((role) => ({ name: `r ${role}`, words: role, kind: "number", cell: (one) => number(of(one, role)) }))];
  return h(Table, { caption: t("Who covers which role"), columns, rows: interests });
}

function GroupsOf({ groups }) {
  const columns = [
    { name: "name", words: t("Buying group"), kind: "main", cell: (one) => h(Link, { to: path("groups", one.id) }, one.name) },
    { name: "account", words: t("Account"), cell: (one) => one.account.name },
    { name: "completeness", words: t("Completeness"), cell: (one) => h(Score, { value: one.completeness }) },
    { name: "engagement", words: t("Engagement"), cell: (one) => h(Score, { value: one.engagementScore }) },
    { name: "members", words: t("Members"), kind: "number", cell: (one) => number(one.memberCount) },
  ];
  if (!groups.totalCount) return h("p.muted", null, t("No group here."));
  return h(Fragment, null, h(Table, { caption: t("Buying groups"), columns, rows: nodes(groups) }), h(More, { list: groups }));
}

function PeopleOf({ people }) {
  const columns = [
    { name: "name", words: t("Name"), kind: "main", cell: ({ node }) => h(Link, { to: path("groups", "graph", { kind: "person", id: node.id }) }, node.name) },
    { name: "title", words: t("Title"), cell: ({ title }) => title ?? "–" },
    { name: "relationship", words: t("Relationship"), cell: ({ relationship }) => word(relationship) },
    { name: "account", words: t("Account"), cell: ({ account }) => account.name },
    { name: "email", words: t("E-mail"), cell: ({ node }) => node.email ?? "–" },
  ];
  if (!people.totalCount) return h("p.muted", null, t("Nobody here."));
  return h(Fragment, null, h(Table, { caption: t("People"), columns, rows: people.edges, key: ({ node }) => node.id }), h(More, { list: people }));
}

const More = ({ list }) => (list.totalCount > list.edges.length ? h("p.small.muted", null, t("The first {n} of {of}.", { n: list.edges.length, of: number(list.totalCount) })) : null);

export default function Accounts({ route }) {
  return route.path[1] ? h(Details, { id: route.path[1], route, key: route.path[1] }) : h(List, { route });
}
