// Overview: how complete and how engaged the groups are, by interest and by stage. All leads to the groups behind it.
import { Fragment, h, useState } from "./base.js";
import { BANDS, Suggested, asked, read, useChoices } from "./filters.js";
import { gql, saveCsv, useQuery } from "./graphql.js";
import { count, number, t } from "./messages.js";
import { Link, navigate, onClick, path } from "./router.js";
import { Answer, Button, Empty, Page, Score, Section, Select, Table, Trouble } from "./ui.js";

const DASHBOARD = gql`query ConsoleDashboard($filter: DashboardFilter) {
  dashboard(filter: $filter) {
    buyingGroups
    completenessBands { from to count }
    engagementBands { from to count }
    bySolutionInterest { solutionInterest { id name } count }
    byStage { stage { id name } count }
    mostEngaged { id name completeness engagementScore account { id name } }
  }
}`;
const LENGTH = 100; // of the ring, so that parts are per cent

/** Parts of a whole, the largest one's end where the first began. Each part, and its line below, is a link. */
function Ring({ title, parts, total }) {
  let before = 0;
  const arcs = parts
    .filter((part) => part.count > 0)
    .map((part) => {
      const share = (LENGTH * part.count) / (total || 1);
      const gap = share < LENGTH && share > 2 ? 0.8 : 0;
      const arc = h("a", { href: part.to, onClick, tabindex: -1, key: part.name }, h("circle", { class: `arc ${part.kind}`, cx: 21, cy: 21, r: 15.915, pathLength: LENGTH, "stroke-dasharray": `${share - gap} ${LENGTH - share + gap}`, "stroke-dashoffset": LENGTH / 4 - before }));
      before += share;
      return arc;
    });
  return h(
    Section,
    { title },
    h(
      "div.ring",
      null,
      h("svg", { viewBox: "0 0 42 42", "aria-hidden": "true" }, h("circle.bed", { cx: 21, cy: 21, r: 15.915 }), arcs, h("text", { x: 21, y: 22.5, class: "sum" }, number(total)), h("text", { x: 21, y: 27, class: "of" }, t("groups"))),
      h("ul.legend", null, parts.map((part) => h("li", { key: part.name }, h(Link, { to: part.to }, h("span.dot", { class: part.kind }), h("span.name", null, part.name), h("span.n", null, number(part.count)))))),
    ),
  );
}

function Bars({ title, parts, empty }) {
  const most = Math.max(1, ...parts.map((part) => part.count));
  return h(
    Section,
    { title },
    parts.length === 0 && h("p.muted", null, empty),
    h(
      "ul.bars",
      null,
      parts.map((part) =>
        h(
          "li",
          { key: part.to ?? part.name }, // two models may name a stage alike
          h(
            part.to ? Link : "div",
            { to: part.to, class: "line" },
            h("span.name", null, part.name),
            h("span.n", null, number(part.count)),
            h("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect.bed", { width: 100, height: 6 }), h("rect.bar", { width: (100 * part.count) / most, height: 6 })),
          ),
        ),
      ),
    ),
  );
}

const bands = (list, name, wanted) =>
  list.map((band, i) => ({
    name: `${band.from}–${band.to}`,
    kind: `b${i + 1}`,
    count: band.count,
    to: path("groups", { ...wanted, [name]: BANDS[i] }),
  }));

function FilterLine({ wanted, set, choices }) {
  const one = (name) => (value) => set({ [name]: value });
  return h(
    "div.grid.filterline",
    null,
    h(Select, { label: t("Solution interest"), any: t("Any"), value: wanted.interest[0], set: one("interest"), options: choices.interests }),
    h(Select, { label: t("Stage"), any: t("Any"), value: wanted.stage[0], set: one("stage"), options: choices.stages }),
    h(Suggested, { label: t("Industry"), value: wanted.industry, set: one("industry"), options: choices.industries }),
    h(Suggested, { label: t("Region"), value: wanted.region, set: one("region"), options: choices.regions }),
  );
}

export default function Overview({ route }) {
  const { interest, stage, industry, region } = read(route.search);
  const wanted = { interest, stage, industry, region };
  const filter = asked({ ...read(new URLSearchParams()), ...wanted });
  const query = useQuery(DASHBOARD, { filter });
  const choices = useChoices();
  const [error, setError] = useState(null);
  const [table, setTable] = useState(false);
  const set = (changed) => navigate(path("overview", { ...wanted, ...changed }), { replace: true });
  const actions = h(
    Fragment,
    null,
    h(Button, { "aria-pressed": table ? "true" : "false", onClick: () => setTable(!table) }, t("As a table")),
    h(Button, { onClick: () => saveCsv(filter).then(() => setError(null), setError) }, "CSV"),
  );
  return h(
    Page,
    { title: t("Overview"), actions },
    h(FilterLine, { wanted, set, choices }),
    error && h(Trouble, { error }),
    h(Answer, { query }, ({ dashboard }) => h(Shown, { dashboard, wanted, table, stageNames: new Map(choices.stages) })),
  );
}

function Shown({ dashboard, wanted, table, stageNames }) {
  if (!dashboard.buyingGroups) return h(Empty, { title: t("No buying groups here yet.") }, h(Link, { to: "/groups", class: "button" }, t("Browse")));
  const completeness = bands(dashboard.completenessBands, "completeness", wanted);
  const engagement = bands(dashboard.engagementBands, "engagement", wanted);
  const interests = dashboard.bySolutionInterest.map((one) => ({ name: one.solutionInterest.name, count: one.count, to: path("groups", { ...wanted, interest: one.solutionInterest.id }) }));
  const stages = dashboard.byStage.map((one) => ({ name: one.stage ? (stageNames.get(one.stage.id) ?? one.stage.name) : t("No stage yet"), count: one.count, to: one.stage && path("groups", { ...wanted, stage: one.stage.id }) }));
  if (table) return h(Figures, { lists: [[t("Completeness"), completeness], [t("Engagement"), engagement], [t("Solution interest"), interests], [t("Stage"), stages]] });
  return h(
    Fragment,
    null,
    h("p.headline", null, h(Link, { to: path("groups", wanted) }, count(dashboard.buyingGroups, "{n} buying group", "{n} buying groups"))),
    h("div.columns", null, h(Ring, { title: t("Completeness"), parts: completeness, total: dashboard.buyingGroups }), h(Ring, { title: t("Engagement"), parts: engagement, total: dashboard.buyingGroups })),
    h("div.columns", null, h(Bars, { title: t("Groups per solution interest"), parts: interests }), h(Bars, { title: t("Groups per stage"), parts: stages, empty: t("No group stands at a stage.") })),
    h(Section, { title: t("Most engaged groups") }, h(Table, { caption: t("Most engaged groups"), rows: dashboard.mostEngaged, columns: engaged() })),
  );
}

const engaged = () => [
  { name: "name", words: t("Buying group"), kind: "main", cell: (group) => h(Link, { to: path("groups", group.id) }, group.name) },
  { name: "account", words: t("Account"), cell: (group) => h(Link, { to: path("accounts", group.account.id) }, group.account.name) },
  { name: "engagement", words: t("Engagement"), cell: (group) => h(Score, { value: group.engagementScore }) },
  { name: "completeness", words: t("Completeness"), cell: (group) => h(Score, { value: group.completeness }) },
];

function Figures({ lists }) {
  const rows = lists.flatMap(([what, parts]) => parts.map((part) => ({ id: `${what} ${part.to ?? part.name}`, what, ...part })));
  const columns = [
    { name: "what", words: t("By"), cell: (row) => row.what },
    { name: "part", words: t("Part"), kind: "main", cell: (row) => (row.to ? h(Link, { to: row.to }, row.name) : row.name) },
    { name: "count", words: t("Groups"), kind: "number", cell: (row) => number(row.count) },
  ];
  return h(Table, { caption: t("Groups by completeness, engagement, interest and stage"), rows, columns });
}
