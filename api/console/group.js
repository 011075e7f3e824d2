// One buying group: its roles and gaps, members, stage, history; and the decisions one takes about it.
import { Fragment, h, nodes, rounded, useEffect, useState } from "./base.js";
import { act, follow, gql, useQuery } from "./graphql.js";
import { Assign, ChangeRole, Remove } from "./decide.js";
import { count, day, moment, number, t, word } from "./messages.js";
import { Link, navigate, path } from "./router.js";
import { Answer, Badge, Button, Confirm, Empty, Notice, Outcome, Page, Pager, Score, Section, Select, Source, Table, Text, can, useAct } from "./ui.js";
import Why, { lacks } from "./why.js";

const GROUP = gql`query ConsoleGroup($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  buyingGroup(id: $id) {
    id name status completeness engagementScore memberCount inAudience templateVersion createdAt createdBy
    account { id name industry region }
    solutionInterest { id name stageModel { stages { id name isEntry } } }
    roleTemplate { id name cards { role { id name } } }
    stage { id name outcome allowedNext { id name } }
    stageHistory { from { name } to { name } at by }
    roles { role { id name } assigned required completeness card { weighting requiredForCompleteness } }
    missingRoles { id name }
    members(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { role { id name } source assignedAt assignedBy title distance account { id name } node { id name email phone reachable engagementScore } }
    }
    removedMembers(first: 20) { totalCount edges { source removedAt removedBy reason formerRole { name } node { id name } } }
    history(first: 20) { totalCount edges { node { id at actor source action outcome reason person { id name } role { name } } } }
  }
}`;
const GAPS = gql`query ConsoleGaps($id: ID!) {
  buyingGroup(id: $id) {
    gaps { missing role { id name } candidates { distance person { id name jobTitle } account { name } unmet { actual filter { attribute operator values } } } }
  }
}`;
const EVENTS = gql`subscription ConsoleGroupEvents($accountId: ID, $solutionInterestId: ID) {
  buyingGroupEvents(accountId: $accountId, solutionInterestId: $solutionInterestId) { id type buyingGroup { id } }
}`;
const MOVE = gql`mutation ConsoleMove($input: MoveToStageInput!, $idempotencyKey: String) {
  moveToStage(input: $input, idempotencyKey: $idempotencyKey) { buyingGroup { id } userErrors { field code message } }
}`;
const STATUS = gql`mutation ConsoleStatus($input: SetStatusInput!, $idempotencyKey: String) {
  setStatus(input: $input, idempotencyKey: $idempotencyKey) { buyingGroup { id } userErrors { field code message } }
}`;
const DELETE = gql`mutation ConsoleDeleteGroups($ids: [ID!]!, $idempotencyKey: String) {
  deleteBuyingGroups(ids: $ids, idempotencyKey: $idempotencyKey) { deletedIds userErrors { field code message } }
}`;
const PAGE = 50;

export default function Group({ id, route }) {
  const before = route.search.get("before");
  const after = route.search.get("after");
  const query = useQuery(GROUP, { id, ...(before ? { last: PAGE, before } : { first: PAGE, after }) });
  const group = query.data?.buyingGroup;
  useEffect(() => {
    if (!group) return undefined;
    const next = ({ buyingGroupEvents }) => buyingGroupEvents.buyingGroup.id === id && query.reload();
    return follow(EVENTS, { accountId: group.account.id, solutionInterestId: group.solutionInterest.id }, { next });
  }, [group?.id]);
  if (query.data && !group) return h(Page, { title: t("There is no such group") }, h(Empty, { title: t("It may have been deleted, or you may not see it.") }, h(Link, { to: "/groups" }, t("Browse"))));
  return h(Answer, { query }, () => h(Details, { group, query }));
}

function Details({ group, query }) {
  const [deciding, decide] = useState(null);
  const [gone, setGone] = useState(null);
  const close = () => decide(null);
  const told = () => {
    setGone(null);
    query.reload();
  };
  const manages = can("MANAGE_BUYING_GROUPS");
  const actions = h(
    Fragment,
    null,
    h(Link, { to: path("groups", "graph", { kind: "group", id: group.id }), class: "button" }, t("Graph")),
    manages && h(Button, { kind: "danger quiet", onClick: () => decide({ kind: "delete" }) }, t("Delete")),
    manages && h(Button, { kind: "primary", onClick: () => decide({ kind: "assign" }) }, t("Assign members")),
  );
  const parts = { group, decide, reload: query.reload };
  return h(
    Page,
    { title: group.name, crumbs: [[t("Browse"), "/groups"]], actions, intro: h(Where, { group }) },
    !group.inAudience && h(Notice, { kind: "warn" }, t("The account is no longer in an audience of this interest.")),
    gone,
    h("div.facts", null, h(Fact, { words: t("Completeness"), value: group.completeness }), h(Fact, { words: t("Engagement"), value: group.engagementScore }), h(Stage, parts), h(StatusOf, parts)),
    h("div.columns", null, h(Roles, parts), h(Gaps, parts)),
    h(Members, parts),
    group.removedMembers.totalCount > 0 && h(Removed, parts),
    h(History, parts),
    deciding?.kind === "assign" && h(Assign, { group, close, done: told, ...deciding }),
    deciding?.kind === "role" && h(ChangeRole, { group, people: deciding.people, close, done: told }),
    deciding?.kind === "remove" && h(Remove, { group, people: deciding.people, close, done: told }),
    deciding?.kind === "why" && h(Why, { group, person: deciding.person, close }),
    deciding?.kind === "delete" && h(Deletion, { group, close }),
  );
}

function Where({ group }) {
  const place = [group.account.industry, group.account.region].filter(Boolean).join(", ");
  return h(Fragment, null, h(Link, { to: path("accounts", group.account.id) }, group.account.name), place && ` (${place})`, " · ", h(Link, { to: path("interests", group.solutionInterest.id) }, group.solutionInterest.name), " · ", h(Link, { to: path("templates", group.roleTemplate.id) }, group.roleTemplate.name), ` v${group.templateVersion}`);
}

function Deletion({ group, close }) {
  async function run() {
    const payload = await act(DELETE, { ids: [group.id] });
    if (!payload.userErrors.length) navigate("/groups");
    return payload.userErrors;
  }
  return h(Confirm, { title: t("Delete this group?"), words: t("The group goes, with its members' decisions and history. People and account stay."), button: t("Delete"), act: run, close });
}

function Fact({ words, value }) {
  const shown = rounded(value);
  return h("div.fact.card", null, h("p.label", null, words), h("p.big", null, shown === null ? "–" : number(shown), shown !== null && h("span.of", null, " / 100")), h(Score, { value, label: words }));
}

function Stage({ group, reload }) {
  const [to, setTo] = useState("");
  const [state, move] = useAct(() => act(MOVE, { input: { buyingGroupId: group.id, stageId: to } }));
  const model = group.solutionInterest.stageModel;
  const next = group.stage ? group.stage.allowedNext : (model?.stages ?? []).filter((one) => one.isEntry);
  async function go(event) {
    event.preventDefault();
    const payload = await move();
    if (payload && !payload.userErrors.length) {
      setTo("");
      reload();
    }
  }
  return h(
    "form.fact.card",
    { onSubmit: go },
    h("p.label", null, t("Stage")),
    h("p.big", null, group.stage?.name ?? t("None")),
    model && next.length > 0 && (can("MANAGE_BUYING_GROUPS") || can("RUN_JOURNEY_ACTIONS")) && h("div.inline", null, h(Select, { label: t("Move to"), any: t("Choose …"), value: to, set: setTo, options: next.map((one) => [one.id, one.name]) }), h(Button, { type: "submit", disabled: !to || state.busy }, t("Move"))),
    !model && h("p.small.muted", null, t("The interest has no stage model.")),
    h(Outcome, { state }),
  );
}

function StatusOf({ group, reload }) {
  const [text, setText] = useState(group.status ?? "");
  useEffect(() => setText(group.status ?? ""), [group.status]);
  const [state, set] = useAct(() => act(STATUS, { input: { buyingGroupId: group.id, status: text } }));
  async function save(event) {
    event.preventDefault();
    const payload = await set();
    if (payload && !payload.userErrors.length) reload();
  }
  const mayEdit = can("MANAGE_BUYING_GROUPS") || can("RUN_JOURNEY_ACTIONS");
  return h(
    "form.fact.card",
    { onSubmit: save },
    h("p.label", null, t("Status")),
    h("p.big", null, group.status ?? "–"),
    mayEdit && h("div.inline", null, h(Text, { label: t("New status"), value: text, set: setText, maxLength: 50 }), h(Button, { type: "submit", disabled: text === (group.status ?? "") || state.busy }, t("Save"))),
    h(Outcome, { state }),
  );
}

function Roles({ group }) {
  const columns = [
    { name: "role", words: t("Role"), kind: "main", cell: (one) => h(Fragment, null, one.role.name, !one.card.requiredForCompleteness && h("span.small.muted", null, ` ${t("optional")}`)) },
    { name: "members", words: t("Members"), kind: "number", cell: (one) => t("{n} of {of}", { n: number(one.assigned), of: number(one.required) }) },
    { name: "weighting", words: t("Weighting"), cell: (one) => word(one.card.weighting) },
    { name: "completeness", words: t("Completeness"), cell: (one) => h(Score, { value: one.completeness }) },
  ];
  return h(Section, { title: t("Roles") }, h(Table, { caption: t("Roles"), columns, rows: group.roles, key: (one) => one.role.id }));
}

function Gaps({ group, decide }) {
  const query = useQuery(GAPS, { id: group.id });
  const signature = group.roles.map((one) => one.assigned).join();
  useEffect(() => {
    if (query.data) query.reload();
  }, [signature]);
  return h(
    Section,
    { title: t("Missing roles") },
    h(Answer, { query }, ({ buyingGroup }) => {
      const gaps = buyingGroup?.gaps ?? [];
      if (!gaps.length) return h("p.muted", null, t("No role is missing."));
      return gaps.map((gap) => h(Gap, { gap, decide, key: gap.role.id }));
    }),
  );
}

function Gap({ gap, decide }) {
  return h(
    "div.gap",
    null,
    h("h3", null, gap.role.name, " ", h(Badge, { kind: "warn" }, t("{n} missing", { n: number(gap.missing) }))),
    gap.candidates.length === 0 && h("p.small.muted", null, t("No rule finds candidates; assign someone by hand.")),
    h(
      "ul.plain",
      null,
      gap.candidates.map((one) =>
        h(
          "li.candidate",
          { key: one.person.id },
          h("div", null, h("p", null, h("strong", null, one.person.name), one.person.jobTitle && `, ${one.person.jobTitle}`, h("span.small.muted", null, ` ${one.account.name}`)), h("p.small.muted", null, one.unmet.map(lacks).join("; "))),
          can("MANAGE_BUYING_GROUPS") && h(Button, { "aria-label": t("Assign {name} as {role}", { name: one.person.name, role: gap.role.name }), onClick: () => decide({ kind: "assign", picked: one.person, roleId: gap.role.id }) }, t("Assign")),
        ),
      ),
    ),
  );
}

function Members({ group, decide }) {
  const [chosen, setChosen] = useState([]);
  const edges = group.members.edges;
  const people = edges.filter((edge) => chosen.includes(edge.node.id)).map((edge) => ({ ...edge.node, role: edge.role }));
  const manages = can("MANAGE_BUYING_GROUPS");
  const toggle = (id) => setChosen((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now, id]));
  const all = edges.length > 0 && people.length === edges.length;
  const actions =
    manages && edges.length > 0 &&
    h(
      Fragment,
      null,
      h(Button, { onClick: () => setChosen(all ? [] : edges.map((edge) => edge.node.id)) }, all ? t("Choose none") : t("Choose all")),
      h(Button, { disabled: !people.length, onClick: () => decide({ kind: "role", people }) }, t("Change role")),
      h(Button, { disabled: !people.length, kind: "danger", onClick: () => decide({ kind: "remove", people }) }, people.length ? t("Remove ({n})", { n: people.length }) : t("Remove")),
    );
  const box = { name: "box", words: t("Choose"), hidden: true, kind: "box", cell: ({ node }) => h("input", { type: "checkbox", "aria-label": t("Choose {name}", { name: node.name }), checked: chosen.includes(node.id), onChange: () => toggle(node.id) }) };
  return h(
    Section,
    { title: t("Members ({n})", { n: number(group.members.totalCount) }), actions, id: "members" },
    edges.length === 0
      ? h(Empty, { title: t("Nobody is in this group yet.") })
      : h(Table, { caption: t("Members"), rows: edges, key: (edge) => edge.node.id, columns: manages ? [box, ...memberColumns(decide)] : memberColumns(decide) }),
    (group.members.pageInfo.hasNextPage || group.members.pageInfo.hasPreviousPage) && h(Pager, { info: group.members.pageInfo, go: (place) => navigate(path("groups", group.id, place)) }),
  );
}

const memberColumns = (decide) => [
  { name: "name", words: t("Name"), kind: "main", cell: ({ node }) => h("strong", null, node.name) },
  { name: "role", words: t("Role"), cell: ({ role }) => role.name },
  { name: "title", words: t("Title"), cell: ({ title }) => title ?? "–" },
  { name: "account", words: t("Account"), cell: ({ account, distance }) => h(Fragment, null, h(Link, { to: path("accounts", account.id) }, account.name), distance > 0 && h("p.small.muted", null, `${count(distance, "{n} level away", "{n} levels away")}`)) },
  { name: "email", words: t("E-mail"), cell: ({ node }) => h(Fragment, null, node.email ?? "–", !node.reachable && h("span", null, " ", h(Badge, { kind: "warn" }, t("not reachable")))) },
  { name: "phone", words: t("Phone"), kind: "nowrap", cell: ({ node }) => node.phone ?? "–" },
  { name: "source", words: t("Decided by"), cell: ({ source }) => h(Source, { value: source }) },
  { name: "score", words: t("Score"), cell: ({ node }) => h(Score, { value: node.engagementScore }) },
  { name: "why", words: t("Why"), hidden: true, cell: ({ node }) => h(Button, { kind: "quiet", "aria-label": t("Why is {name} here?", { name: node.name }), onClick: () => decide({ kind: "why", person: node }) }, t("Why?")) },
];

function Removed({ group, decide }) {
  const columns = [
    { name: "name", words: t("Name"), kind: "main", cell: ({ node }) => node.name },
    { name: "role", words: t("Former role"), cell: ({ formerRole }) => formerRole?.name ?? "–" },
    { name: "source", words: t("Decided by"), cell: ({ source, removedBy }) => h(Fragment, null, h(Source, { value: source }), ` ${removedBy}`) },
    { name: "at", words: t("When"), kind: "nowrap", cell: ({ removedAt }) => day(removedAt) },
    { name: "reason", words: t("Reason"), cell: ({ reason }) => reason ?? "–" },
    { name: "why", words: t("Why"), hidden: true, cell: ({ node }) => h(Button, { kind: "quiet", "aria-label": t("Why is {name} not here?", { name: node.name }), onClick: () => decide({ kind: "why", person: node }) }, t("Why?")) },
  ];
  return h(Section, { title: t("Removed ({n})", { n: number(group.removedMembers.totalCount) }) }, h(Table, { caption: t("Removed"), columns, rows: group.removedMembers.edges, key: ({ node }) => node.id }));
}

function History({ group }) {
  const events = [
    ...nodes(group.history).map((one) => ({ id: one.id, at: one.at, by: one.actor, source: one.source, outcome: one.outcome, what: [word(one.action), one.person.name, one.role?.name].filter(Boolean).join(" · "), reason: one.reason })),
    ...group.stageHistory.map((one, i) => ({ id: `stage${i}`, at: one.at, by: one.by, what: `${t("Stage")} · ${one.from?.name ?? "–"} → ${one.to.name}` })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
  const columns = [
    { name: "at", words: t("When"), kind: "nowrap", cell: (one) => moment(one.at) },
    { name: "what", words: t("What"), kind: "main", cell: (one) => h(Fragment, null, one.what, one.reason && h("span.small.muted", null, ` ${one.reason}`)) },
    { name: "by", words: t("By"), cell: (one) => one.by },
    { name: "source", words: t("Decided by"), cell: (one) => (one.source ? h(Source, { value: one.source }) : "–") },
    { name: "outcome", words: t("Outcome"), cell: (one) => (one.outcome ? h(Badge, { kind: one.outcome.toLowerCase() }, word(one.outcome)) : "–") },
  ];
  return h(Section, { title: t("History") }, events.length ? h(Table, { caption: t("History"), columns, rows: events }) : h("p.muted", null, t("Nothing happened yet.")), group.history.totalCount > 20 && h("p.small.muted", null, t("The latest 20 of {n} decisions.", { n: number(group.history.totalCount) })));
}
