// Stage models: the stages that groups move through, as a diagram and as a list; what keeps a model from being published.
import { Fragment, h, useState } from "./base.js";
import { act, gql, useQuery } from "./graphql.js";
import Listing from "./listing.js";
import { count, day, t, word } from "./messages.js";
import { Link, navigate, onClick, path } from "./router.js";
import { Answer, Badge, Button, Check, Confirm, Empty, Notice, Outcome, Page, Section, Select, Status, Text, can, useAct } from "./ui.js";

const MODELS = gql`query ConsoleStageModels($search: String) { stageModels(search: $search) { id name description status updatedAt stages { id name buyingGroups } } }`;
const MODEL = gql`query ConsoleStageModel($id: ID!) {
  stageModel(id: $id) {
    id name description status problems publishedAt publishedBy
    stages { id name description isEntry outcome buyingGroups allowedNext { id name } }
  }
}`;
const CREATE = gql`mutation ConsoleCreateStages($input: StageModelInput!, $idempotencyKey: String) {
  createStageModel(input: $input, idempotencyKey: $idempotencyKey) { stageModel { id } userErrors { field code message } }
}`;
const UPDATE = gql`mutation ConsoleUpdateStages($id: ID!, $input: StageModelInput!, $idempotencyKey: String) {
  updateStageModel(id: $id, input: $input, idempotencyKey: $idempotencyKey) { stageModel { id problems } userErrors { field code message } }
}`;
const PUBLISH = gql`mutation ConsolePublishStages($id: ID!, $idempotencyKey: String) {
  publishStageModel(id: $id, idempotencyKey: $idempotencyKey) { stageModel { id } userErrors { field code message } }
}`;
const DELETE = gql`mutation ConsoleDeleteStages($id: ID!, $idempotencyKey: String) {
  deleteStageModel(id: $id, idempotencyKey: $idempotencyKey) { deletedId userErrors { field code message } }
}`;
const OUTCOMES = ["SUCCESS", "FAILURE"];

function List({ route }) {
  return h(Listing, {
    route,
    document: MODELS,
    field: "stageModels",
    title: t("Stages"),
    intro: t("The steps that buying groups move through, and which moves are allowed."),
    actions: can("MANAGE_STAGES") && h(Link, { to: "/stages/new", class: "button primary" }, t("New stage model")),
    empty: t("There are no stage models yet."),
    unmatched: t("No stage model has such a name."),
    tile: (one) => h(Tile, { one, key: one.id }),
  });
}

function Tile({ one }) {
  return h(
    "li.card.tile",
    null,
    h("h2", null, h(Link, { to: path("stages", one.id) }, one.name), h(Status, { value: one.status })),
    one.description && h("p.muted", null, one.description),
    h("ol.roles", null, one.stages.map((stage) => h("li", { key: stage.id }, stage.name, stage.buyingGroups > 0 && h("span.muted", null, ` · ${count(stage.buyingGroups, "{n} group", "{n} groups")}`)))),
    h("p.small.muted", null, t("changed {day}", { day: day(one.updatedAt) })),
  );
}

function Details({ id }) {
  const query = useQuery(id === "new" ? null : MODEL, { id });
  if (id === "new") return h(Editor, { model: null });
  if (query.data && !query.data.stageModel) return h(Page, { title: t("There is no such stage model") }, h(Link, { to: "/stages" }, t("Stages")));
  return h(Answer, { query }, ({ stageModel }) => h(Editor, { model: stageModel, reload: query.reload, key: stageModel.status }));
}

let fresh = 0;
const asStage = ({ id, name, description, isEntry, outcome, allowedNext }) => ({ key: id, id, name, description, isEntry, outcome: outcome ?? "", next: allowedNext.map((one) => one.id) });

function Editor({ model, reload }) {
  const [form, setForm] = useState({ name: model?.name ?? "", description: model?.description ?? "" });
  const [stages, setStages] = useState(() => (model?.stages ?? []).map(asStage));
  const [saved, setSaved] = useState(false);
  const [asking, askDelete] = useState(false);
  const nameOf = (key) => stages.find((one) => one.key === key)?.name;
  const input = {
    name: form.name,
    description: form.description || null,
    stages: stages.map((one) => ({ id: one.id ?? null, name: one.name, description: one.description || null, isEntry: one.isEntry, outcome: one.outcome || null, allowedNext: one.next.map(nameOf).filter(Boolean) })),
  };
  const [state, save] = useAct(() => (model ? act(UPDATE, { id: model.id, input }) : act(CREATE, { input })));
  const [publishing, publish] = useAct(() => act(PUBLISH, { id: model.id }));
  const editable = can("MANAGE_STAGES") && (!model || model.status === "DRAFT");
  async function run() {
    const payload = await save();
    if (!payload?.stageModel || payload.userErrors.length) return false;
    if (!model) navigate(path("stages", payload.stageModel.id), { replace: true });
    else {
      setSaved(true);
      reload();
    }
    return true;
  }
  async function goLive() {
    if (!(await run())) return;
    const payload = await publish();
    if (payload && !payload.userErrors.length) reload();
  }
  const actions = h(
    Fragment,
    null,
    model && can("MANAGE_STAGES") && h(Button, { kind: "danger quiet", onClick: () => askDelete(true) }, t("Delete")),
    editable && h(Button, { kind: model ? "" : "primary", onClick: run, disabled: state.busy || !form.name.trim() }, t("Save")),
    editable && model && h(Button, { kind: "primary", onClick: goLive, disabled: state.busy || publishing.busy }, t("Publish")),
  );
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const drawn = stages.map((one) => ({ ...one, groups: model?.stages.find((other) => other.id === one.id)?.buyingGroups ?? 0 }));
  return h(
    Page,
    { title: model?.name ?? t("New stage model"), crumbs: [[t("Stages"), "/stages"]], actions, intro: model && h(Fragment, null, h(Status, { value: model.status }), model.publishedAt && ` ${t("published {day} by {who}", { day: day(model.publishedAt), who: model.publishedBy })}`, model.description && ` · ${model.description}`) },
    h(Outcome, { state }),
    h(Outcome, { state: publishing }),
    saved && !model.problems.length && h(Notice, null, t("Saved. Nothing keeps it from being published.")),
    model?.problems.length > 0 && h("div.notice.warn", { role: "status" }, h("p.strong", null, t("Before it can be published:")), h("ul", null, model.problems.map((one) => h("li", { key: one }, one)))),
    drawn.length > 0 && h(Section, { title: t("Diagram") }, h(Diagram, { stages: drawn })),
    editable && h(Section, { title: t("About") }, h("div.grid", null, h(Text, { label: t("Name"), value: form.name, set: set("name"), required: true, maxLength: 255 }), h(Text, { label: t("Description"), value: form.description, set: set("description"), maxLength: 255 }))),
    h(Steps, { stages, setStages, editable }),
    asking && h(Confirm, { title: t("Delete this stage model?"), words: t("This can't be undone. A model that an interest uses can't be deleted."), button: t("Delete"), act: () => remove(model.id), close: () => askDelete(false) }),
  );
}

async function remove(id) {
  const payload = await act(DELETE, { id });
  if (!payload.userErrors.length) navigate("/stages");
  return payload.userErrors;
}

function Steps({ stages, setStages, editable }) {
  const change = (i) => (changed) => setStages(stages.map((one, at) => (at === i ? { ...one, ...changed } : one)));
  const add = () => setStages([...stages, { key: `new${++fresh}`, name: "", description: "", isEntry: stages.length === 0, outcome: "", next: [] }]);
  const drop = (key) => setStages(stages.filter((one) => one.key !== key).map((one) => ({ ...one, next: one.next.filter((other) => other !== key) })));
  return h(
    Section,
    { title: t("Stages, in order"), actions: editable && h(Button, { onClick: add }, t("Add a stage")) },
    stages.length === 0 && h(Empty, { title: t("No stage yet.") }),
    h("ol.cards", null, stages.map((one, i) => h("li", { key: one.key }, editable ? h(Step, { stage: one, others: stages.filter((other) => other !== one && other.name.trim()), change: change(i), drop: one.id ? null : () => drop(one.key) }) : h(Told, { stage: one, stages })))),
  );
}

function Step({ stage, others, change, drop }) {
  const toggle = (key) => change({ next: stage.next.includes(key) ? stage.next.filter((one) => one !== key) : [...stage.next, key] });
  return h(
    Fragment,
    null,
    h(
      "div.grid",
      null,
      h(Text, { label: t("Name of the stage"), value: stage.name, set: (name) => change({ name }), maxLength: 255 }),
      h(Select, { label: t("How it ends here"), any: t("It goes on"), value: stage.outcome, set: (outcome) => change({ outcome }), options: OUTCOMES.map((one) => [one, word(one)]) }),
    ),
    h(Check, { label: t("Groups may enter here"), value: stage.isEntry, set: (isEntry) => change({ isEntry }) }),
    others.length > 0 &&
      h("fieldset.chips", null, h("legend", null, t("May move to")), others.map((one) => h("button.chip", { type: "button", key: one.key, "aria-pressed": stage.next.includes(one.key) ? "true" : "false", onClick: () => toggle(one.key) }, one.name))),
    drop && h(Button, { kind: "small danger", onClick: drop }, t("Remove the stage")),
  );
}

function Told({ stage, stages }) {
  const next = stage.next.map((key) => stages.find((one) => one.key === key)?.name).filter(Boolean);
  return h(
    Fragment,
    null,
    h("h3", null, stage.name, " ", stage.isEntry && h(Badge, { kind: "journey" }, t("entry")), " ", stage.outcome && h(Badge, { kind: stage.outcome === "SUCCESS" ? "good" : "failed" }, word(stage.outcome))),
    stage.description && h("p.small.muted", null, stage.description),
    h("p.small.muted", null, next.length ? t("May move to {names}", { names: next.join(", ") }) : t("No stage follows.")),
  );
}

const STEP = 190;
const BOX = { width: 150, height: 52, y: 104 };

/** The stages in a row; moves forward as arcs above, moves back as arcs below. The list underneath says the same in words. */
function Diagram({ stages }) {
  const at = new Map(stages.map((one, i) => [one.key, i]));
  const moves = stages.flatMap((one, i) => one.next.filter((key) => at.has(key)).map((key) => [i, at.get(key)]));
  const width = stages.length * STEP - (STEP - BOX.width) + 20;
  return h(
    "div.diagram",
    { tabIndex: 0, role: "group", "aria-label": t("Diagram of the stages; the list below says the same in words") },
    h(
      "svg",
      { viewBox: `0 0 ${width} 260`, width, height: 260 },
      h("defs", null, h("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, h("path", { d: "M0 0 8 4 0 8z" }))),
      moves.map(([from, to]) => h("path.move", { key: `${from} ${to}`, d: arc(from, to), "marker-end": "url(#tip)" })),
      stages.map((one, i) => h(Box, { key: one.key, stage: one, x: 10 + i * STEP })),
    ),
  );
}

function arc(from, to) {
  const [a, b] = [10 + from * STEP, 10 + to * STEP];
  const middle = BOX.y + BOX.height / 2;
  if (to === from + 1) return `M${a + BOX.width} ${middle} H${b - 2}`;
  const forward = to > from;
  const y = forward ? BOX.y : BOX.y + BOX.height;
  const bend = Math.min(96, 34 + 16 * Math.abs(to - from)) * (forward ? -1 : 1);
  const [start, end] = [a + BOX.width * (forward ? 0.7 : 0.35), b + BOX.width * (forward ? 0.3 : 0.65)];
  return `M${start} ${y} C${start} ${y + bend} ${end} ${y + bend} ${end} ${y + (forward ? -2 : 2)}`;
}

function Box({ stage, x }) {
  const kind = stage.outcome === "SUCCESS" ? "won" : stage.outcome === "FAILURE" ? "lost" : stage.isEntry ? "entry" : "";
  const name = stage.name.length > 18 ? `${stage.name.slice(0, 17)}…` : stage.name;
  const box = h("g.stage", { class: kind }, h("title", null, stage.name), h("rect", { x, y: BOX.y, width: BOX.width, height: BOX.height, rx: 10 }), h("text", { x: x + BOX.width / 2, y: BOX.y + 22 }, name), h("text.sub", { x: x + BOX.width / 2, y: BOX.y + 40 }, count(stage.groups, "{n} group", "{n} groups")));
  return stage.id && stage.groups ? h("a", { href: path("groups", { stage: stage.id }), onClick }, box) : box;
}

export default function Stages({ route }) {
  return route.path[1] ? h(Details, { id: route.path[1], key: route.path[1] }) : h(List, { route });
}
