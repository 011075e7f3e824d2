// Browse: the buying groups, by filter, order and page; and one of them.
import { Fragment, h, useState } from "./base.js";
import Create from "./create.js";
import { Filters, active, asked, change, read } from "./filters.js";
import { ask, gql, saveCsv, useQuery } from "./graphql.js";
import Group from "./group.js";
import Long from "./long.js";
import { day, number, t } from "./messages.js";
import { Link, navigate, path } from "./router.js";
import Picture from "./picture.js";
import { Answer, Button, Empty, Page, Score, Search, Trouble, can } from "./ui.js";

const GROUPS = gql`query ConsoleGroups($counted: Boolean!, $first: Int, $after: String, $last: Int, $before: String, $filter: BuyingGroupFilter, $orderBy: BuyingGroupOrder) {
  buyingGroups(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    totalCount @include(if: $counted)
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { node {
      id name status completeness engagementScore memberCount createdAt
      account { id name } solutionInterest { id name } stage { name } roleTemplate { id name } missingRoles { name }
    } }
  }
}`;
const SIZE = 50;
const FIRST = { field: "NAME", direction: "ASC" };

const columns = () => [
  { name: "name", words: t("Buying group"), sort: "NAME", kind: "main", cell: (group) => h(Link, { to: path("groups", group.id) }, group.name) },
  { name: "account", words: t("Account"), cell: (group) => h(Link, { to: path("accounts", group.account.id) }, group.account.name) },
  { name: "completeness", words: t("Completeness"), sort: "COMPLETENESS", first: "DESC", cell: (group) => h(Score, { value: group.completeness }) },
  { name: "engagement", words: t("Engagement"), sort: "ENGAGEMENT_SCORE", first: "DESC", cell: (group) => h(Score, { value: group.engagementScore }) },
  { name: "missing", words: t("Missing roles"), kind: "wide", cell: (group) => group.missingRoles.map((role) => role.name).join(", ") || "–" },
  { name: "members", words: t("Members"), kind: "number", cell: (group) => number(group.memberCount) },
  { name: "stage", words: t("Stage, status"), cell: (group) => h(Fragment, null, group.stage?.name ?? (group.status ? null : "–"), group.status && h("p.small.muted", null, group.status)) },
  { name: "template", words: t("Role template"), kind: "extra", cell: (group) => h(Link, { to: path("templates", group.roleTemplate.id) }, group.roleTemplate.name) },
  { name: "created", words: t("Created"), sort: "CREATED_AT", first: "DESC", kind: "nowrap extra", cell: (group) => day(group.createdAt) },
];

function Browse({ route }) {
  const wanted = read(route.search);
  const [field, direction] = (route.search.get("sort") ?? "").split(".");
  const sorted = field && direction ? { field, direction } : FIRST;
  const sort = route.search.get("sort");
  const after = route.search.get("after");
  const before = route.search.get("before");
  const filter = asked(wanted);
  const given = { filter, orderBy: sorted };
  const query = useQuery(GROUPS, { ...(before ? { last: SIZE, before } : { first: SIZE, after }), ...given, counted: true });
  const more = (page) => ask(GROUPS, { ...page, ...given, counted: false }).then((data) => data.buyingGroups);
  const [creating, setCreating] = useState(false);
  const [error, setError] = useState(null);
  const actions = h(
    Fragment,
    null,
    h(Link, { to: "/accounts", class: "button" }, t("Accounts")),
    h(Button, { onClick: () => saveCsv(filter, sorted).then(() => setError(null), setError) }, "CSV"),
    can("MANAGE_BUYING_GROUPS") && h(Button, { kind: "primary", onClick: () => setCreating(true) }, t("Create groups")),
  );
  return h(
    Page,
    { title: t("Browse"), actions },
    h("div.toolbar", null, h(Search, { value: wanted.search, set: (search) => change(wanted, { search }, { sort }) }), h(Filters, { wanted, set: (one) => change(wanted, one, { sort }) })),
    error && h(Trouble, { error }),
    h(Answer, { query }, ({ buyingGroups }) =>
      buyingGroups.edges.length
        ? h(Long, { first: buyingGroups, after, more, size: SIZE, caption: t("Buying groups"), columns: columns(), sorted, sort: (next) => change(wanted, { sort: `${next.field}.${next.direction}` }) })
        : h(Nothing, { filtered: active(wanted) > 0 }),
    ),
    creating && h(Create, { close: () => setCreating(false), done: query.reload }),
  );
}

function Nothing({ filtered }) {
  if (filtered) return h(Empty, { title: t("No group fits these filters.") }, h(Button, { onClick: () => navigate("/groups") }, t("Clear all")));
  return h(Empty, { title: t("There are no buying groups yet.") }, h("p", null, t("Set up a solution interest, then create groups for an audience.")), h(Link, { to: "/interests", class: "button" }, t("Solution interests")));
}

export default function Groups({ route }) {
  if (route.path[1] === "graph") return h(Picture, { route });
  return route.path[1] ? h(Group, { id: route.path[1], key: route.path[1], route }) : h(Browse, { route });
}
