// The cards of a template: reordered by buttons or by dragging; each with its rule.
import { Fragment, h, useState } from "./base.js";
import { count, number, t, word } from "./messages.js";
import { Badge, Button, Check, Empty, Section, Select, Text, enumOptions } from "./ui.js";

export const WEIGHTINGS = ["TRIVIAL", "MINOR", "NORMAL", "IMPORTANT", "VITAL"];
export const SCOPES = ["ACCOUNT", "ANCESTORS", "DESCENDANTS", "HIERARCHY"];
export const ATTRIBUTES = ["JOB_TITLE", "DEPARTMENT", "FIRST_NAME", "LAST_NAME", "EMAIL", "PHONE", "MOBILE_PHONE", "CITY", "STATE", "POSTAL_CODE", "COUNTRY", "EMAIL_INVALID", "EMAIL_SUSPENDED", "ENGAGEMENT_SCORE", "RELATIONSHIP", "PERSONA"];
export const OPERATORS = ["IS", "IS_NOT", "STARTS_WITH", "NOT_STARTS_WITH", "CONTAINS", "NOT_CONTAINS", "ENDS_WITH", "IS_EMPTY", "IS_NOT_EMPTY", "GREATER_THAN", "LESS_THAN", "BETWEEN"];
const ALL_OR_ANY = ["ALL", "ANY"];
const BARE = ["IS_EMPTY", "IS_NOT_EMPTY"];
const EMPTY_FILTER = { attribute: "JOB_TITLE", operator: "CONTAINS", values: [] };

/** A card as it is edited, with a key of its own. */
export function asCard(card) {
  return { ...card, key: card.role.id, roleId: card.role.id, condition: card.condition ? asCondition(card.condition) : null };
}

const asCondition = ({ match, filters, groups }) => ({ match, filters: (filters ?? []).map(({ attribute, operator, values }) => ({ attribute, operator, values })), groups: (groups ?? []).map(asCondition) });

/** A card as the API takes it. */
export function asInput({ roleId, weighting, autoAssign, requiredForCompleteness, membersRequired, scope, maxDistance, condition }) {
  return { roleId, weighting, autoAssign, requiredForCompleteness, membersRequired: Number(membersRequired), scope, maxDistance: maxDistance === null || maxDistance === "" ? null : Number(maxDistance), condition: autoAssign ? condition : null };
}

export default function Cards({ cards, setCards, roles, personas, manages }) {
  const [dragged, setDragged] = useState(null);
  const [adding, setAdding] = useState("");
  const [said, say] = useState("");
  const free = roles.filter((role) => !cards.some((card) => card.roleId === role.id));
  const roleOf = (id) => roles.find((role) => role.id === id);
  const nameOf = (id) => roleOf(id)?.name ?? "";
  function move(from, to) {
    if (to < 0 || to >= cards.length || from === to) return;
    const next = [...cards];
    next.splice(to, 0, ...next.splice(from, 1));
    setCards(next);
    say(t("{role} is now number {n}.", { role: nameOf(cards[from].roleId), n: to + 1 }));
  }
  function add(id) {
    if (!id) return;
    const card = { key: id, roleId: id, weighting: "NORMAL", autoAssign: false, requiredForCompleteness: true, membersRequired: 1, scope: "ACCOUNT", maxDistance: null, condition: null };
    setCards([...cards, card]);
    setAdding("");
  }
  const change = (i) => (changed) => setCards(cards.map((card, at) => (at === i ? { ...card, ...changed } : card)));
  const actions = manages && free.length > 0 && h("div.inline", null, h(Select, { label: t("Add a card for"), any: t("Choose …"), value: adding, set: add, options: free.map((role) => [role.id, role.name]) }));
  return h(
    Section,
    { title: t("Cards, in order of priority"), actions },
    h("p.visually-hidden", { role: "status" }, said),
    cards.length === 0 && h(Empty, { title: t("No card yet. Add one for each role.") }),
    h(
      "ol.cards",
      null,
      cards.map((card, i) =>
        h(
          "li",
          {
            key: card.key,
            class: dragged === i ? "dragged" : null,
            onDragOver: (event) => dragged !== null && event.preventDefault(),
            onDrop: (event) => {
              event.preventDefault();
              if (dragged !== null) move(dragged, i);
              setDragged(null);
            },
          },
          h(Card, { card, i, last: cards.length - 1, name: nameOf(card.roleId), meaning: roleOf(card.roleId)?.description, manages, personas, move, drag: setDragged, change: change(i), remove: () => setCards(cards.filter((_, at) => at !== i)) }),
        ),
      ),
    ),
  );
}

function Card({ card, i, last, name, meaning, manages, personas, move, drag, change, remove }) {
  const [open, setOpen] = useState(false);
  const tools =
    manages &&
    h(
      "div.actions",
      null,
      h(Button, { kind: "small", disabled: i === 0, "aria-label": t("Move {role} up", { role: name }), onClick: () => move(i, i - 1) }, "↑"),
      h(Button, { kind: "small", disabled: i === last, "aria-label": t("Move {role} down", { role: name }), onClick: () => move(i, i + 1) }, "↓"),
      h(Button, { kind: "small", "aria-expanded": open ? "true" : "false", onClick: () => setOpen(!open) }, open ? t("Close") : t("Edit")),
      h(Button, { kind: "small danger", "aria-label": t("Remove the card of {role}", { role: name }), onClick: remove }, "×"),
    );
  return h(
    Fragment,
    null,
    h(
      "div.cardhead",
      { draggable: manages ? "true" : null, onDragStart: () => drag(i), onDragEnd: () => drag(null) },
      manages && h("span.grip", { "aria-hidden": "true" }, "⠿"),
      h("div.what", null, h("h3", null, `${i + 1}. ${name} `, h(Badge, null, word(card.weighting)), card.requiredForCompleteness ? "" : h(Badge, { kind: "plain" }, t("optional"))), meaning && h("p.small", null, meaning), h("p.small.muted", null, summary(card))),
      tools,
    ),
    !open && card.autoAssign && card.condition && h("div.rule", null, h(Shown, { condition: card.condition, personas })),
    open && h(Settings, { card, change, personas }),
  );
}

function summary(card) {
  const members = t("{n} needed", { n: number(Number(card.membersRequired)) });
  const scope = card.maxDistance ? `${word(card.scope)}, ${count(Number(card.maxDistance), "at most {n} level away", "at most {n} levels away")}` : word(card.scope);
  return card.autoAssign ? `${members} · ${scope}` : `${members} · ${t("filled by people and journeys")}`;
}

/** A persona's name, which unfolds to whom it describes. */
function Persona({ persona }) {
  return h(
    "details.persona",
    null,
    h("summary", null, persona.name),
    persona.description && h("p.small", null, persona.description),
    h("p.small.muted", null, t("All of these:")),
    h("ul.plain.trace", null, persona.attributes.map((one) => h("li", { key: one.attribute }, `${word(one.attribute)} ${t("is one of")} `, h("strong", null, one.values.join(", "))))),
  );
}

/** The values that an attribute is compared with; personas among them unfold. */
function Values({ filter, personas }) {
  const persona = (name) => filter.attribute === "PERSONA" && personas.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!filter.values.some(persona)) return h("strong", null, filter.values.join(", "));
  return h(Fragment, null, filter.values.map((name) => (persona(name) ? h(Persona, { persona: persona(name), key: name }) : h("strong", { key: name }, name))));
}

function Shown({ condition, personas }) {
  return h(
    Fragment,
    null,
    h("p.small.muted", null, condition.match === "ALL" ? t("All of these:") : t("Any of these:")),
    h("ul.plain.trace", null, condition.filters.map((one, i) => h("li", { key: i }, `${word(one.attribute)} ${word(one.operator).toLowerCase()} `, h(Values, { filter: one, personas }))), condition.groups.map((one, i) => h("li", { key: `g${i}` }, h(Shown, { condition: one, personas })))),
  );
}

function Settings({ card, change, personas }) {
  const set = (name) => (value) => change({ [name]: value });
  const auto = (on) => change({ autoAssign: on, condition: card.condition ?? (on ? { match: "ANY", filters: [EMPTY_FILTER], groups: [] } : null) });
  return h(
    "div.settings",
    null,
    h(
      "div.grid",
      null,
      h(Select, { label: t("Weighting"), value: card.weighting, set: set("weighting"), options: enumOptions(WEIGHTINGS) }),
      h(Text, { label: t("Members needed"), type: "number", min: 1, value: card.membersRequired, set: set("membersRequired") }),
      h(Select, { label: t("Looks for people at"), value: card.scope, set: set("scope"), options: enumOptions(SCOPES) }),
      h(Text, { label: t("At most levels away"), type: "number", min: 0, value: card.maxDistance ?? "", set: set("maxDistance"), placeholder: t("any") }),
    ),
    h(Check, { label: t("Counts for completeness"), value: card.requiredForCompleteness, set: set("requiredForCompleteness") }),
    h(Check, { label: t("A rule assigns people"), value: card.autoAssign, set: auto }),
    card.autoAssign && h(ConditionEditor, { condition: card.condition, set: set("condition"), personas, depth: 1 }),
  );
}

function ConditionEditor({ condition, set, personas, depth, remove }) {
  const filters = (next) => set({ ...condition, filters: next });
  const groups = (next) => set({ ...condition, groups: next });
  return h(
    "fieldset.condition",
    null,
    h("legend", null, depth === 1 ? t("Who matches") : t("Group of conditions")),
    h(Select, { label: t("Of these must hold"), value: condition.match, set: (match) => set({ ...condition, match }), options: enumOptions(ALL_OR_ANY) }),
    condition.filters.map((one, i) => h(FilterEditor, { key: i, filter: one, personas, set: (next) => filters(condition.filters.map((other, at) => (at === i ? next : other))), remove: () => filters(condition.filters.filter((_, at) => at !== i)) })),
    condition.groups.map((one, i) => h(ConditionEditor, { key: `g${i}`, condition: one, personas, depth: depth + 1, set: (next) => groups(condition.groups.map((other, at) => (at === i ? next : other))), remove: () => groups(condition.groups.filter((_, at) => at !== i)) })),
    h(
      "div.actions",
      null,
      h(Button, { kind: "small", onClick: () => filters([...condition.filters, EMPTY_FILTER]) }, t("Add a comparison")),
      depth < 3 && h(Button, { kind: "small", onClick: () => groups([...condition.groups, { match: "ALL", filters: [EMPTY_FILTER], groups: [] }]) }, t("Add a group")),
      remove && h(Button, { kind: "small danger", onClick: remove }, t("Remove the group")),
    ),
  );
}

function FilterEditor({ filter, set, remove, personas }) {
  const [text, setText] = useState(filter.values.join("\n"));
  const values = (value) => {
    setText(value);
    set({ ...filter, values: value.split("\n").map((one) => one.trim()).filter(Boolean) });
  };
  const hint = filter.attribute === "PERSONA" && personas.length > 0 ? personas.map((one) => one.name).join(", ") : undefined;
  return h(
    "div.comparison",
    null,
    h(Select, { label: t("Attribute"), value: filter.attribute, set: (attribute) => set({ ...filter, attribute }), options: enumOptions(ATTRIBUTES) }),
    h(Select, { label: t("Comparison"), value: filter.operator, set: (operator) => set({ ...filter, operator, values: BARE.includes(operator) ? [] : filter.values }), options: enumOptions(OPERATORS) }),
    BARE.includes(filter.operator) ? h("span", null) : h(Text, { label: t("Values, one per line"), lines: 2, value: text, set: values, hint }),
    h(Button, { kind: "small danger", "aria-label": t("Remove the comparison"), onClick: remove }, "×"),
  );
}
