// The filters of groups: as they stand in addresses, as the API takes them, and as one sets them.
import { Fragment, h, nodes, useState } from "./base.js";
import { gql, useQuery } from "./graphql.js";
import { t } from "./messages.js";
import { navigate, path } from "./router.js";
import { Button, Select, Text } from "./ui.js";

const CHOICES = gql`query ConsoleChoices {
  roles { id name }
  stageModels { id name status stages { id name } }
  solutionInterests(first: 100, orderBy: { field: NAME, direction: ASC }) { edges { node { id name } } }
  roleTemplates(first: 100, status: LIVE, orderBy: { field: NAME, direction: ASC }) { edges { node { id name } } }
  accounts(first: 100) { edges { node { industry region } } }
}`;
const LISTS = ["interest", "stage", "template", "missing"];
const TEXTS = ["search", "industry", "region", "status", "completeness", "engagement"];
export const BANDS = ["0-25", "26-50", "51-75", "76-100"];

/** What can be chosen from: {roles, stages, interests, templates, industries, regions}, each [value, words]. */
export function useChoices() {
  const { data } = useQuery(CHOICES);
  if (!data) return { roles: [], stages: [], interests: [], templates: [], industries: [], regions: [] };
  const pairs = (list) => list.map((one) => [one.id, one.name]);
  const models = data.stageModels.filter((model) => model.status === "LIVE");
  const accounts = nodes(data.accounts);
  const known = (name) => [...new Set(accounts.map((one) => one[name]).filter(Boolean))].sort();
  return {
    roles: pairs(data.roles),
    stages: models.flatMap((model) => model.stages.map((one) => [one.id, models.length > 1 ? `${model.name}: ${one.name}` : one.name])),
    interests: pairs(nodes(data.solutionInterests)),
    templates: pairs(nodes(data.roleTemplates)),
    industries: known("industry"),
    regions: known("region"),
  };
}

/** What an address asks for. */
export function read(search) {
  const lists = LISTS.map((name) => [name, search.getAll(name)]);
  return Object.fromEntries([...lists, ...TEXTS.map((name) => [name, search.get(name) ?? ""])]);
}

/** A range as it stands in an address, "26-50" or "-49", as bounds of the unrounded score. */
function range(text) {
  const [, from, to] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (!from && !to) return null;
  return { ...(from && { gte: Number(from) - 0.5 }), ...(to && { lt: Number(to) + 0.5 }) };
}

/** The `BuyingGroupFilter`. */
export function asked(wanted) {
  const filter = {
    search: wanted.search,
    solutionInterestIds: wanted.interest,
    stageIds: wanted.stage,
    roleTemplateIds: wanted.template,
    missingRoleIds: wanted.missing,
    industries: wanted.industry ? [wanted.industry] : [],
    regions: wanted.region ? [wanted.region] : [],
    statuses: wanted.status ? [wanted.status] : [],
    completeness: range(wanted.completeness),
    engagementScore: range(wanted.engagement),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value && value.length !== 0));
}

export const active = (wanted) => Object.values(wanted).filter((value) => value.length > 0).length;
export const change = (wanted, changed, more = {}) => navigate(path("groups", { ...wanted, ...more, ...changed }));

function Chips({ label, options, chosen, toggle }) {
  return h(
    "fieldset.chips",
    null,
    h("legend", null, label),
    options.map(([value, words]) => h("button.chip", { type: "button", key: value, "aria-pressed": chosen.includes(value) ? "true" : "false", onClick: () => toggle(value) }, words)),
  );
}

export function Suggested({ label, value, set, options }) {
  const list = `list-${label.replaceAll(/\W/g, "")}`;
  return h(Fragment, null, h(Text, { label, value, set: () => {}, list, onChange: (event) => set(event.currentTarget.value.trim()) }), h("datalist", { id: list }, options.map((one) => h("option", { value: one, key: one }))));
}

const scores = () => [["-49", t("below 50")], ...BANDS.map((band) => [band, band.replace("-", "–")]), ["100-100", "100"]];

export function Filters({ wanted, set }) {
  const choices = useChoices();
  const [open, setOpen] = useState(false);
  const many = active({ ...wanted, search: "" });
  const one = (name) => (value) => set({ [name]: value ? [value] : [] });
  const toggled = (name) => (value) => set({ [name]: wanted[name] === value ? "" : value });
  const missing = (value) => set({ missing: wanted.missing.includes(value) ? wanted.missing.filter((id) => id !== value) : [...wanted.missing, value] });
  return h(
    Fragment,
    null,
    h(Button, { "aria-expanded": open ? "true" : "false", "aria-controls": "filters", onClick: () => setOpen(!open) }, many ? t("Filters ({n})", { n: many }) : t("Filters")),
    many + wanted.search.length > 0 && h(Button, { kind: "quiet", onClick: () => navigate("/groups") }, t("Clear all")),
    h(
      "div.filters",
      { id: "filters", hidden: !open },
      h(Chips, { label: t("Role is missing"), options: choices.roles, chosen: wanted.missing, toggle: missing }),
      h(Chips, { label: t("Completeness"), options: scores(), chosen: [wanted.completeness], toggle: toggled("completeness") }),
      h(Chips, { label: t("Engagement"), options: scores(), chosen: [wanted.engagement], toggle: toggled("engagement") }),
      h(
        "div.grid",
        null,
        h(Select, { label: t("Solution interest"), any: t("Any"), value: wanted.interest[0], set: one("interest"), options: choices.interests }),
        h(Select, { label: t("Stage"), any: t("Any"), value: wanted.stage[0], set: one("stage"), options: choices.stages }),
        h(Select, { label: t("Role template"), any: t("Any"), value: wanted.template[0], set: one("template"), options: choices.templates }),
        h(Suggested, { label: t("Industry"), value: wanted.industry, set: (value) => set({ industry: value }), options: choices.industries }),
        h(Suggested, { label: t("Region"), value: wanted.region, set: (value) => set({ region: value }), options: choices.regions }),
        h(Text, { label: t("Status"), value: wanted.status, set: () => {}, onChange: (event) => set({ status: event.currentTarget.value.trim() }) }),
      ),
    ),
  );
}
