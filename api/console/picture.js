// The graph around a group, a person or an account, as a picture one can walk: every node leads to the picture around it.
import { Fragment, h, nodes } from "./base.js";
import { gql, useQuery } from "./graphql.js";
import { t } from "./messages.js";
import { Link, onClick, path } from "./router.js";
import { Answer, Page, Section } from "./ui.js";

const QUERIES = {
  group: gql`query ConsoleGroupGraph($id: ID!) {
    at: buyingGroup(id: $id) { id name account { id name } solutionInterest { name } members(first: 40) { totalCount edges { role { name } account { id name } node { id name } } } }
  }`,
  person: gql`query ConsolePersonGraph($id: ID!) {
    at: person(id: $id) { id name accounts { title relationship account { id name } } memberships(first: 40) { totalCount edges { node { role { name } buyingGroup { id name } } } } }
  }`,
  account: gql`query ConsoleAccountGraph($id: ID!) {
    at: account(id: $id) { id name parent { id name } children(first: 20) { edges { node { id name } } } buyingGroups(first: 20) { edges { node { id name } } } people(first: 20) { totalCount edges { title node { id name } } } }
  }`,
};
const SIZE = 900;

/** What surrounds the centre: clusters of {name, nodes: [{kind, id, name, words}]}. */
const AROUND = {
  group: (at) => [
    { name: t("Account"), nodes: [{ kind: "account", ...at.account }] },
    ...byRole(at.members.edges).map(([role, list]) => ({ name: role, nodes: list.map((edge) => ({ kind: "person", ...edge.node, words: edge.account.id === at.account.id ? "" : edge.account.name })) })),
  ],
  person: (at) => [
    { name: t("Accounts"), nodes: at.accounts.map((one) => ({ kind: "account", ...one.account, words: one.title ?? "" })) },
    { name: t("Buying groups"), nodes: nodes(at.memberships).map((one) => ({ kind: "group", ...one.buyingGroup, words: one.role.name })) },
  ],
  account: (at) => [
    { name: t("Right above"), nodes: at.parent ? [{ kind: "account", ...at.parent }] : [] },
    { name: t("Right below"), nodes: nodes(at.children).map((one) => ({ kind: "account", ...one })) },
    { name: t("Buying groups"), nodes: nodes(at.buyingGroups).map((one) => ({ kind: "group", ...one })) },
    { name: t("People"), nodes: at.people.edges.map((edge) => ({ kind: "person", ...edge.node, words: edge.title ?? "" })) },
  ],
};
const HOME = { group: "groups", account: "accounts" };

function byRole(edges) {
  const roles = new Map();
  for (const edge of edges) roles.set(edge.role.name, [...(roles.get(edge.role.name) ?? []), edge]);
  return [...roles].sort();
}

export default function Picture({ route }) {
  const kind = Object.hasOwn(QUERIES, route.search.get("kind") ?? "") ? route.search.get("kind") : "group";
  const id = route.search.get("id") ?? "";
  const query = useQuery(QUERIES[kind], { id });
  return h(Answer, { query }, ({ at }) => {
    if (!at) return h(Page, { title: t("There is nothing here") }, h(Link, { to: "/groups" }, t("Browse")));
    const clusters = AROUND[kind](at).filter((one) => one.nodes.length);
    const actions = HOME[kind] && h(Link, { to: path(HOME[kind], id), class: "button" }, t("Details"));
    return h(
      Page,
      { title: at.name, crumbs: [[t("Browse"), "/groups"]], actions, intro: t("Follow any node to see what surrounds it.") },
      h(Section, { title: t("Graph") }, h("div.picture", null, h(Drawing, { at, kind, clusters }))),
      h(Section, { title: t("In words") }, clusters.map((one) => h("div", { key: one.name }, h("h3", null, one.name), h("ul.lines", null, one.nodes.map((node) => h("li", { key: node.id }, h(Link, { to: path("groups", "graph", { kind: node.kind, id: node.id }) }, node.name), node.words && h("span.small.muted", null, ` ${node.words}`))))))),
    );
  });
}

/** The clusters as arcs of a circle around the centre, each node with its name beside it. */
function Drawing({ at, kind, clusters }) {
  const total = clusters.reduce((sum, one) => sum + one.nodes.length + 1, 0);
  const height = Math.max(520, Math.min(1100, 150 + total * 26));
  const [cx, cy] = [SIZE / 2, height / 2];
  const radius = { x: SIZE / 2 - 260, y: height / 2 - 40 };
  let turn = 0.5;
  const drawn = clusters.flatMap((cluster) => {
    const first = turn;
    const placed = cluster.nodes.map((node) => {
      const angle = (2 * Math.PI * turn) / total - Math.PI / 2;
      turn += 1;
      return { ...node, x: cx + radius.x * Math.cos(angle), y: cy + radius.y * Math.sin(angle) };
    });
    const middle = (2 * Math.PI * ((first + turn - 1) / 2)) / total - Math.PI / 2;
    turn += 1;
    const hub = { name: cluster.name, x: cx + radius.x * 0.5 * Math.cos(middle), y: cy + radius.y * 0.5 * Math.sin(middle) };
    return [{ hub, placed }];
  });
  return h(
    "svg",
    { viewBox: `0 0 ${SIZE} ${height}`, "aria-hidden": "true" },
    drawn.map(({ hub, placed }) =>
      h(Fragment, { key: hub.name }, h("line", { x1: cx, y1: cy, x2: hub.x, y2: hub.y }), placed.map((node) => h("line", { key: node.id, x1: hub.x, y1: hub.y, x2: node.x, y2: node.y }))),
    ),
    drawn.map(({ hub, placed }) => h(Fragment, { key: hub.name }, h("circle.hub", { cx: hub.x, cy: hub.y, r: 6 }), h("text.hub", { x: hub.x, y: hub.y - 10 }, short(hub.name, 26)), placed.map((node) => h(Node, { node, cx, key: node.id })))),
    h("circle.node", { class: kind, cx, cy, r: 20 }),
    h("text.centre", { x: cx, y: cy + 38 }, short(at.name, 40)),
  );
}

function Node({ node, cx }) {
  const left = node.x < cx;
  return h(
    "a",
    { href: path("groups", "graph", { kind: node.kind, id: node.id }), onClick, tabindex: -1 },
    h("title", null, node.name),
    h("circle.node", { class: node.kind, cx: node.x, cy: node.y, r: 9 }),
    h("text", { x: node.x + (left ? -15 : 15), y: node.y + 4, "text-anchor": left ? "end" : "start" }, short(node.name, 34)),
  );
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
