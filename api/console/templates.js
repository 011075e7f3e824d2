// Role templates: which roles decide together, in which order, by which rules; and what a change would do.
import { Fragment, h, nodes, useState } from "./base.js";
import Cards, { asCard, asInput } from "./cards.js";
import { act, gql, useQuery } from "./graphql.js";
import Listing from "./listing.js";
import { count, day, t } from "./messages.js";
import { Link, navigate, path } from "./router.js";
import { Answer, Button, Confirm, Dialog, Notice, Outcome, Page, Section, Select, Status, Text, Trouble, can, useAct } from "./ui.js";

const TEMPLATES = gql`query ConsoleTemplates($search: String, $first: Int, $after: String, $last: Int, $before: String) {
  roleTemplates(search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { node { id name description status version updatedAt cards { role { name } } } }
  }
}`;
const TEMPLATE = gql`query ConsoleTemplate($id: ID!) {
  roleTemplate(id: $id) {
    id name description status version publishedAt publishedBy
    cards {
      role { id name } weighting autoAssign requiredForCompleteness membersRequired scope maxDistance
      condition {
        match filters { attribute operator values }
        groups {
          match filters { attribute operator values }
          groups { match filters { attribute operator values } groups { match filters { attribute operator values } groups { match } } }
        }
      }
    }
  }
}`;
const MEANINGS = gql`query ConsoleRoles { roles { id name description } personas { name description attributes { attribute values } } }`;
const CREATE = gql`mutation ConsoleCreateTemplate($input: RoleTemplateInput!, $idempotencyKey: String) {
  createRoleTemplate(input: $input, idempotencyKey: $idempotencyKey) { roleTemplate { id } userErrors { field code message } }
}`;
const UPDATE = gql`mutation ConsoleUpdateTemplate($id: ID!, $input: RoleTemplateInput!, $idempotencyKey: String) {
  updateRoleTemplate(id: $id, input: $input, idempotencyKey: $idempotencyKey) { roleTemplate { id } userErrors { field code message } }
}`;
const PUBLISH = gql`mutation ConsolePublishTemplate($id: ID!, $idempotencyKey: String) {
  publishRoleTemplate(id: $id, idempotencyKey: $idempotencyKey) { roleTemplate { id } userErrors { field code message } }
}`;
const DELETE = gql`mutation ConsoleDeleteTemplate($id: ID!, $idempotencyKey: String) {
  deleteRoleTemplate(id: $id, idempotencyKey: $idempotencyKey) { deletedId userErrors { field code message } }
}`;
const PLACES = gql`query ConsolePreviewPlaces {
  solutionInterests(first: 100) { edges { node { id name roleTemplate { id } } } }
  accountAudiences(first: 100) { edges { node { id name } } }
}`;
const PREVIEW = gql`query ConsoleTemplatePreview($input: PreviewMembershipInput!) {
  previewMembership(input: $input) {
    joinsTotal leavesTotal roleChangesTotal overruled buyingGroups newBuyingGroups rolesInUse { role { name } memberCount }
    joins { account { name } person { name } to { name } reason }
    leaves { account { name } person { name } from { name } reason }
    roleChanges { account { name } person { name } from { name } to { name } reason }
  }
}`;

function List({ route }) {
  return h(Listing, {
    route,
    document: TEMPLATES,
    field: "roleTemplates",
    title: t("Role templates"),
    intro: t("Which roles decide together about a purchase, and which rules find the people."),
    actions: can("MANAGE_ROLE_TEMPLATES") && h(Link, { to: "/templates/new", class: "button primary" }, t("New role template")),
    empty: t("There are no role templates yet."),
    unmatched: t("No role template has such a name."),
    one: "{n} template", many: "{n} templates",
    tile: (one) => h(Tile, { one, key: one.id }),
  });
}

function Tile({ one }) {
  return h(
    "li.card.tile",
    null,
    h("h2", null, h(Link, { to: path("templates", one.id) }, one.name), h(Status, { value: one.status })),
    one.description && h("p.muted", null, one.description),
    h("ol.roles", null, one.cards.map((card) => h("li", { key: card.role.name }, card.role.name))),
    h("p.small.muted", null, t("Version {n}", { n: one.version }), " · ", t("changed {day}", { day: day(one.updatedAt) })),
  );
}

function Details({ id }) {
  const fresh = id === "new";
  const meanings = useQuery(MEANINGS); // beside the template: together they might be too much for one answer
  const query = useQuery(fresh ? null : TEMPLATE, { id });
  const saved = useState(""); // here, for with a new version the editor is another
  if (query.data && !query.data.roleTemplate) return h(Page, { title: t("There is no such template") }, h(Link, { to: "/templates" }, t("Role templates")));
  const editor = (template) => h(Answer, { query: meanings }, ({ roles, personas }) => h(Editor, { key: template ? `${id} ${template.version} ${template.status}` : "new", roles, personas, template, saved, reload: query.reload }));
  return fresh ? editor(null) : h(Answer, { query }, ({ roleTemplate }) => editor(roleTemplate));
}

/** Whether a condition has parts that weren't asked for: five levels of lists may be more than the server answers at once. */
const tooDeep = (condition) => Boolean(condition) && (!condition.filters || condition.groups.some(tooDeep));

function Editor({ roles, personas, template, saved: [saved, setSaved], reload }) {
  const [form, setForm] = useState({ name: template?.name ?? "", description: template?.description ?? "" });
  const [cards, setCards] = useState(() => (template?.cards ?? []).map(asCard));
  const [open, setOpen] = useState(null);
  const input = { name: form.name, description: form.description || null, cards: cards.map(asInput) };
  const [state, save] = useAct(() => (template ? act(UPDATE, { id: template.id, input }) : act(CREATE, { input })));
  const [publishing, publish] = useAct(() => act(PUBLISH, { id: template.id }));
  const deep = (template?.cards ?? []).some((card) => tooDeep(card.condition));
  const manages = can("MANAGE_ROLE_TEMPLATES") && !deep;
  const live = template?.status === "LIVE";
  async function run() {
    setSaved("");
    const payload = await save();
    if (!payload || payload.userErrors.length) return false;
    if (template) {
      setSaved(live ? t("Saved as a new version. Maintenance moves groups to it.") : t("Saved."));
      reload();
    } else navigate(path("templates", payload.roleTemplate.id), { replace: true });
    return true;
  }
  async function goLive() {
    if (await run()) {
      const payload = await publish();
      if (payload && !payload.userErrors.length) reload();
    }
  }
  const actions = h(
    Fragment,
    null,
    template && manages && h(Button, { kind: "danger quiet", onClick: () => setOpen("delete") }, t("Delete")),
    h(Button, { onClick: () => setOpen("try"), disabled: !cards.length || deep }, t("Dry run")),
    manages && h(Button, { kind: live ? "primary" : "", onClick: run, disabled: state.busy || !form.name.trim() }, live ? t("Save as a new version") : t("Save")),
    manages && template && !live && h(Button, { kind: "primary", onClick: goLive, disabled: state.busy || publishing.busy }, t("Publish")),
  );
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  return h(
    Page,
    { title: template?.name ?? t("New role template"), crumbs: [[t("Role templates"), "/templates"]], actions, intro: template && h(Fragment, null, h(Status, { value: template.status }), ` ${t("Version {n}", { n: template.version })}`, template.publishedAt && ` · ${t("published {day} by {who}", { day: day(template.publishedAt), who: template.publishedBy })}`) },
    deep && h(Notice, { kind: "warn" }, t("Its conditions nest deeper than is shown here. Change them through the API.")),
    saved && h(Notice, null, saved),
    h(Outcome, { state }),
    h(Outcome, { state: publishing }),
    manages && h(Section, { title: t("About") }, h("div.grid", null, h(Text, { label: t("Name"), value: form.name, set: set("name"), maxLength: 255, required: true }), h(Text, { label: t("Description"), value: form.description, set: set("description"), maxLength: 255 }))),
    h(Cards, { cards, setCards, roles, personas, manages }),
    open === "try" && h(DryRun, { cards: input.cards, template, close: () => setOpen(null) }),
    open === "delete" && h(Confirm, { title: t("Delete this template?"), words: t("This can't be undone. A template that an interest uses can't be deleted."), button: t("Delete"), act: () => remove(template.id), close: () => setOpen(null) }),
  );
}

async function remove(id) {
  const payload = await act(DELETE, { id });
  if (!payload.userErrors.length) navigate("/templates");
  return payload.userErrors;
}

/** Who would join, leave and move if these cards held, before anything is saved. */
function DryRun({ cards, template, close }) {
  const { data, error } = useQuery(PLACES);
  const interests = nodes(data?.solutionInterests);
  const [chosen, setInterest] = useState(null);
  const interestId = chosen ?? interests.find((one) => one.roleTemplate.id === template?.id)?.id ?? "";
  const own = interests.some((one) => one.id === interestId && one.roleTemplate.id === template?.id);
  const [audienceId, setAudience] = useState("");
  const input = { cards, solutionInterestId: interestId || null, accountAudienceId: audienceId || null, first: 20 };
  const query = useQuery(interestId || audienceId ? PREVIEW : null, { input });
  return h(
    Dialog,
    { title: t("Dry run"), close, wide: true },
    h("p.muted", null, t("What these cards would change, as they stand here. Nothing is saved.")),
    error && h(Trouble, { error }),
    h("div.grid", null, h(Select, { label: t("Groups of the interest"), any: t("None"), value: interestId, set: setInterest, options: interests.map((one) => [one.id, one.name]) }), h(Select, { label: t("Accounts of the audience"), any: t("None"), value: audienceId, set: setAudience, options: nodes(data?.accountAudiences).map((one) => [one.id, one.name]) })),
    h(Answer, { query }, ({ previewMembership }) => h(Fragment, null, own && h(Kept, { roles: previewMembership.rolesInUse }), h(Changes, { preview: previewMembership }))),
  );
}

/** What keeps these cards from being saved. */
function Kept({ roles }) {
  if (!roles.length) return null;
  const lines = roles.map(({ role, memberCount }) => h("li", { key: role.name }, t("The card for {role} can't be removed, so this can't be saved: {members}.", { role: role.name, members: count(memberCount, "{n} member holds the role", "{n} members hold the role") })));
  return h(Notice, { kind: "warn" }, h("ul.plain", null, lines));
}

function Changes({ preview }) {
  const lists = [
    [t("Join ({n})", { n: preview.joinsTotal }), preview.joins, preview.joinsTotal],
    [t("Leave ({n})", { n: preview.leavesTotal }), preview.leaves, preview.leavesTotal],
    [t("Move ({n})", { n: preview.roleChangesTotal }), preview.roleChanges, preview.roleChangesTotal],
  ];
  return h(
    Fragment,
    null,
    h("p.estimate", { role: "status" }, `${count(preview.buyingGroups, "{n} group looked at", "{n} groups looked at")}, ${count(preview.newBuyingGroups, "{n} group would be made", "{n} groups would be made")}`, preview.overruled > 0 && `, ${count(preview.overruled, "{n} decision of a person stood", "{n} decisions of people stood")}`, "."),
    lists.map(([title, changes, total]) =>
      h(
        "section.changes",
        { key: title },
        h("h3", null, title),
        h("ul.lines", null, changes.map((one, i) => h("li", { key: i }, h("strong", null, one.person.name), ` ${[one.from?.name, one.to?.name].filter(Boolean).join(" → ")}`, h("span.small.muted", null, ` · ${one.account.name}`), h("p.small.muted", null, one.reason)))),
        total > changes.length && h("p.small.muted", null, t("The first {n} of {of}.", { n: changes.length, of: total })),
      ),
    ),
  );
}

export default function Templates({ route }) {
  return route.path[1] ? h(Details, { id: route.path[1], key: route.path[1] }) : h(List, { route });
}
