// Solution interests: what is sold, by which template and stages, to whom; and their jobs.
import { Fragment, h, nodes, useState } from "./base.js";
import Audience from "./audience.js";
import Create from "./create.js";
import { BANDS } from "./filters.js";
import { act, gql, useQuery } from "./graphql.js";
import Job from "./job.js";
import Listing from "./listing.js";
import { count, day, moment, number, t, word } from "./messages.js";
import { Link, navigate, path } from "./router.js";
import { Answer, Badge, Button, Check, Confirm, Dialog, Outcome, Page, Section, Select, Status, Table, Text, can, enumOptions, useAct } from "./ui.js";

const INTERESTS = gql`query ConsoleInterests($search: String, $first: Int, $after: String, $last: Int, $before: String) {
  solutionInterests(search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { node { id name description productLine updateExistingBuyingGroups sellingLevel updatedAt products { name } roleTemplate { id name version } stageModel { id name } accountAudiences { name } buyingGroups(first: 1) { totalCount } } }
  }
}`;
const INTEREST = gql`query ConsoleInterest($id: ID!) {
  solutionInterest(id: $id) {
    id name description productLine updateExistingBuyingGroups sellingLevel createdAt createdBy updatedAt updatedBy
    products { id name } roleTemplate { id name version } stageModel { id name }
    accountAudiences { id name kind rule { summary } accounts(first: 1) { totalCount } }
    buyingGroups(first: 1) { totalCount }
    jobs(first: 10) { edges { node { id kind status createdAt createdBy finishedAt error progress { groupsCreated membersAdded membersRemoved rolesChanged } } } }
  }
  engagementModels { id name status weights { activityType weight } }
}`;
const CHOICES = gql`query ConsoleInterestChoices {
  products(first: 100) { edges { node { id name productLine } } }
  roleTemplates(first: 100, status: LIVE) { edges { node { id name version } } }
  stageModels { id name status }
}`;
const CREATE = gql`mutation ConsoleCreateInterest($input: SolutionInterestInput!, $idempotencyKey: String) {
  createSolutionInterest(input: $input, idempotencyKey: $idempotencyKey) { solutionInterest { id } userErrors { field code message } }
}`;
const UPDATE = gql`mutation ConsoleUpdateInterest($id: ID!, $input: SolutionInterestUpdate!, $idempotencyKey: String) {
  updateSolutionInterest(id: $id, input: $input, idempotencyKey: $idempotencyKey) { solutionInterest { id } userErrors { field code message } }
}`;
const DELETE = gql`mutation ConsoleDeleteInterest($id: ID!, $idempotencyKey: String) {
  deleteSolutionInterest(id: $id, idempotencyKey: $idempotencyKey) { deletedId userErrors { field code message } }
}`;
const MAINTAIN = gql`mutation ConsoleMaintain($input: MaintainBuyingGroupsInput!, $idempotencyKey: String) {
  maintainBuyingGroups(input: $input, idempotencyKey: $idempotencyKey) { job { id } userErrors { field code message } }
}`;

function List({ route }) {
  const [adding, setAdding] = useState(null);
  const actions =
    can("MANAGE_SOLUTION_INTERESTS") && h(Fragment, null, h(Button, { onClick: () => setAdding("audience") }, t("New audience")), h(Button, { kind: "primary", onClick: () => setAdding("interest") }, t("New solution interest")));
  const close = () => setAdding(null);
  return h(
    Listing,
    {
      route,
      document: INTERESTS,
      field: "solutionInterests",
      title: t("Solution interests"),
      intro: t("What you sell, to whom, and by which roles its groups are formed."),
      actions,
      empty: t("There are no solution interests yet."),
      unmatched: t("No interest has such a name."),
      one: "{n} interest", many: "{n} interests",
      tile: (one) => h(Tile, { one, key: one.id }),
    },
    adding === "interest" && h(Form, { close, done: (id) => navigate(path("interests", id)) }),
    adding === "audience" && h(Audience, { close }),
  );
}

function Tile({ one }) {
  const sold = [...one.products.map((product) => product.name), one.productLine].filter(Boolean).join(", ");
  return h(
    "li.card.tile",
    null,
    h("h2", null, h(Link, { to: path("interests", one.id) }, one.name)),
    one.description && h("p.muted", null, one.description),
    h("dl.pairs", null, h(Pair, { words: t("Sells") }, sold || "–"), h(Pair, { words: t("Role template") }, h(Link, { to: path("templates", one.roleTemplate.id) }, one.roleTemplate.name)), h(Pair, { words: t("Stages") }, one.stageModel ? h(Link, { to: path("stages", one.stageModel.id) }, one.stageModel.name) : "–"), h(Pair, { words: t("Groups") }, h(Link, { to: path("groups", { interest: one.id }) }, number(one.buyingGroups.totalCount)))),
    h("p.small.muted", null, one.updateExistingBuyingGroups ? t("Kept up to date daily") : t("Not kept up to date"), " · ", t("changed {day}", { day: day(one.updatedAt) })),
  );
}

export function Pair({ words, children }) {
  return h("div", null, h("dt", null, words), h("dd", null, children));
}

function Details({ id }) {
  const query = useQuery(INTEREST, { id });
  const [open, setOpen] = useState(null);
  const [job, setJob] = useState(null);
  const [state, maintain] = useAct(() => act(MAINTAIN, { input: { solutionInterestId: id } }));
  const interest = query.data?.solutionInterest;
  if (query.data && !interest) return h(Page, { title: t("There is no such interest") }, h(Link, { to: "/interests" }, t("Solution interests")));
  const close = () => setOpen(null);
  async function start() {
    const payload = await maintain();
    if (payload?.job) setJob(payload.job.id);
  }
  const actions = h(
    Fragment,
    null,
    can("MANAGE_SOLUTION_INTERESTS") && h(Button, { kind: "danger quiet", onClick: () => setOpen("delete") }, t("Delete")),
    can("MANAGE_SOLUTION_INTERESTS") && h(Button, { onClick: () => setOpen("edit") }, t("Edit")),
    can("MANAGE_BUYING_GROUPS") && h(Button, { onClick: start, disabled: state.busy }, t("Run maintenance")),
    can("MANAGE_BUYING_GROUPS") && h(Button, { kind: "primary", onClick: () => setOpen("create") }, t("Create groups")),
  );
  return h(Answer, { query }, () =>
    h(
      Page,
      { title: interest.name, crumbs: [[t("Solution interests"), "/interests"]], intro: interest.description, actions },
      h(Outcome, { state }),
      job && h(Section, { title: t("Maintenance") }, h(Job, { id: job, key: job, done: query.reload })),
      h("div.columns", null, h(Facts, { interest }), h(Audiences, { interest })),
      h(Engagement, { model: query.data.engagementModels.find((one) => one.status === "LIVE") }),
      h(Jobs, { jobs: nodes(interest.jobs) }),
      open === "edit" && h(Form, { interest, close, done: query.reload }),
      open === "create" && h(Create, { close, done: query.reload, interestId: id }),
      open === "delete" && h(Confirm, { title: t("Delete this interest?"), words: t("This can't be undone. An interest with jobs or groups can't be deleted."), button: t("Delete"), act: () => remove(id), close }),
    ),
  );
}

async function remove(id) {
  const payload = await act(DELETE, { id });
  if (!payload.userErrors.length) navigate("/interests");
  return payload.userErrors;
}

function Facts({ interest }) {
  const sold = [...interest.products.map((product) => product.name), interest.productLine].filter(Boolean).join(", ");
  return h(
    Section,
    { title: t("Set-up") },
    h(
      "dl.pairs",
      null,
      h(Pair, { words: t("Sells") }, sold || "–"),
      h(Pair, { words: t("Role template") }, h(Link, { to: path("templates", interest.roleTemplate.id) }, interest.roleTemplate.name), ` v${interest.roleTemplate.version}`),
      h(Pair, { words: t("Stages") }, interest.stageModel ? h(Link, { to: path("stages", interest.stageModel.id) }, interest.stageModel.name) : "–"),
      h(Pair, { words: t("Groups sit") }, word(interest.sellingLevel)),
      h(Pair, { words: t("Daily maintenance") }, interest.updateExistingBuyingGroups ? t("adds, moves and removes people by the rules") : t("leaves people as they are")),
      h(Pair, { words: t("Groups") }, h(Link, { to: path("groups", { interest: interest.id }) }, number(interest.buyingGroups.totalCount))),
      h(Pair, { words: t("Changed") }, `${moment(interest.updatedAt)}, ${interest.updatedBy}`),
    ),
  );
}

function Audiences({ interest }) {
  return h(
    Section,
    { title: t("Audiences") },
    interest.accountAudiences.length === 0 && h("p.muted", null, t("None yet: creating groups for an audience links it.")),
    h("ul.lines", null, interest.accountAudiences.map((one) => h("li", { key: one.id }, h("strong", null, one.name), " ", h(Badge, null, word(one.kind)), h("p.small.muted", null, count(one.accounts.totalCount, "{n} account", "{n} accounts"), one.rule && ` · ${one.rule.summary}`)))),
  );
}

/** The one engagement model that is live counts for every interest. Heaviest first. */
function Engagement({ model }) {
  const weights = [...model.weights].sort((one, other) => other.weight - one.weight);
  return h(
    Section,
    { title: t("How engagement counts") },
    h("p.muted", null, t("By the model {name}, for the groups of every interest: what people did in 30 days, by these weights. Scores go from 0 to 100, which is the most engaged in the market.", { name: model.name })),
    h("dl.weights", null, weights.map((one) => h(Pair, { words: one.activityType, key: one.activityType }, one.weight ? number(one.weight) : t("left out")))),
    h("p.small.muted", null, t("Bands: {bands}", { bands: BANDS.map((band) => band.replace("-", "–")).join(", ") })),
  );
}

function Jobs({ jobs }) {
  const done = ({ progress }) =>
    [
      progress.groupsCreated > 0 && count(progress.groupsCreated, "{n} group made", "{n} groups made"),
      progress.membersAdded > 0 && count(progress.membersAdded, "{n} member added", "{n} members added"),
      progress.membersRemoved > 0 && count(progress.membersRemoved, "{n} member left", "{n} members left"),
      progress.rolesChanged > 0 && count(progress.rolesChanged, "{n} role changed", "{n} roles changed"),
    ].filter(Boolean).join(" · ") || t("nothing changed");
  const columns = [
    { name: "kind", words: t("Job"), kind: "main", cell: (job) => word(job.kind) },
    { name: "status", words: t("Status"), cell: (job) => h(Status, { value: job.status }) },
    { name: "done", words: t("What it did"), cell: (job) => job.error ?? done(job) },
    { name: "by", words: t("By"), cell: (job) => job.createdBy },
    { name: "at", words: t("Started"), kind: "nowrap", cell: (job) => moment(job.createdAt) },
  ];
  return h(Section, { title: t("Latest jobs") }, jobs.length ? h(Table, { caption: t("Latest jobs"), columns, rows: jobs }) : h("p.muted", null, t("No job has run yet.")));
}

function Form({ interest, close, done }) {
  const { data } = useQuery(CHOICES);
  const [form, setForm] = useState({
    name: interest?.name ?? "",
    description: interest?.description ?? "",
    productIds: interest?.products.map((one) => one.id) ?? [],
    productLine: interest?.productLine ?? "",
    roleTemplateId: interest?.roleTemplate.id ?? "",
    stageModelId: interest?.stageModel?.id ?? "",
    updateExistingBuyingGroups: interest?.updateExistingBuyingGroups ?? false,
    sellingLevel: interest?.sellingLevel ?? "AS_LISTED",
  });
  const [state, save] = useAct(() => {
    const input = { ...form, description: form.description || null, productLine: form.productLine || null, stageModelId: form.stageModelId || null };
    return interest ? act(UPDATE, { id: interest.id, input: changed(input, interest) }) : act(CREATE, { input });
  });
  async function submit(event) {
    event.preventDefault();
    const payload = await save();
    if (payload?.solutionInterest && !payload.userErrors.length) {
      close();
      done(payload.solutionInterest.id);
    }
  }
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const toggle = (id) => set("productIds")(form.productIds.includes(id) ? form.productIds.filter((one) => one !== id) : [...form.productIds, id]);
  const templates = nodes(data?.roleTemplates).map((one) => [one.id, `${one.name} v${one.version}`]);
  const models = (data?.stageModels ?? []).filter((one) => one.status === "LIVE").map((one) => [one.id, one.name]);
  return h(
    Dialog,
    { title: interest ? t("Edit solution interest") : t("New solution interest"), close, wide: true },
    h(
      "form",
      { onSubmit: submit },
      h(Text, { label: t("Name"), value: form.name, set: set("name"), required: true, maxLength: 255 }),
      h(Text, { label: t("Description"), value: form.description, set: set("description"), maxLength: 255 }),
      h("fieldset.field", null, h("legend", null, t("Products")), h("div.pick", null, nodes(data?.products).map((one) => h(Check, { key: one.id, label: one.name, value: form.productIds.includes(one.id), set: () => toggle(one.id) })))),
      h("div.grid", null, h(Text, { label: t("Product line"), value: form.productLine, set: set("productLine") }), h(Select, { label: t("Role template"), any: t("Choose …"), required: true, value: form.roleTemplateId, set: set("roleTemplateId"), options: templates }), h(Select, { label: t("Stages"), any: t("None"), value: form.stageModelId, set: set("stageModelId"), options: models }), h(Select, { label: t("Groups sit"), value: form.sellingLevel, set: set("sellingLevel"), options: enumOptions(["AS_LISTED", "TOP"]) })),
      h(Check, { label: t("Daily maintenance adds, moves and removes people by the rules"), value: form.updateExistingBuyingGroups, set: set("updateExistingBuyingGroups") }),
      h(Outcome, { state }),
      h("footer", null, h(Button, { onClick: close }, t("Cancel")), h(Button, { kind: "primary", type: "submit", disabled: state.busy }, t("Save"))),
    ),
  );
}

/** Only what differs: some of it is fixed once groups exist. */
function changed(input, interest) {
  const before = { ...interest, productIds: interest.products.map((one) => one.id), roleTemplateId: interest.roleTemplate.id, stageModelId: interest.stageModel?.id ?? null };
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name] ?? null)));
}

export default function Interests({ route }) {
  return route.path[1] ? h(Details, { id: route.path[1], key: route.path[1] }) : h(List, { route });
}
