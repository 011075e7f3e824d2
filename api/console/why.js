// Why somebody is in a group, or not: what stands, and how each card's rule compared.
import { Fragment, h } from "./base.js";
import { gql, useQuery } from "./graphql.js";
import { moment, t, word } from "./messages.js";
import { Answer, Badge, Dialog, Source } from "./ui.js";

const WHY = gql`query ConsoleWhy($id: ID!, $personId: ID!) {
  buyingGroup(id: $id) {
    why(personId: $personId) {
      isMember summary role { name } account { name } distance
      standing { at actor source action reason role { name } }
      cards {
        inScope matched account { name } card { role { name } autoAssign scope }
        condition {
          match matched
          filters { matched actual filter { attribute operator values } }
          groups { match matched filters { matched actual filter { attribute operator values } } groups { match matched filters { matched actual filter { attribute operator values } } } }
        }
      }
    }
  }
}`;

export default function Why({ group, person, close }) {
  const query = useQuery(WHY, { id: group.id, personId: person.id });
  return h(Dialog, { title: t("Why? {name}", { name: person.name }), close, wide: true }, h(Answer, { query }, ({ buyingGroup }) => h(Explained, { why: buyingGroup.why })));
}

/** What a comparison wanted, and what it found. */
export function lacks({ filter, actual }) {
  const wanted = `${word(filter.attribute)} ${word(filter.operator).toLowerCase()} ${filter.values.join(" / ")}`.trim();
  return t("{wanted}: is {actual}", { wanted, actual: actual ?? t("empty") });
}

function Explained({ why }) {
  return h(
    Fragment,
    null,
    h("p.strong", null, why.summary),
    why.standing && h("p.small", null, h(Source, { value: why.standing.source }), ` ${word(why.standing.action)} · ${why.standing.actor} · ${moment(why.standing.at)}`, why.standing.reason && ` · ${why.standing.reason}`),
    h(
      "ol.traces",
      null,
      why.cards.map((trace, i) =>
        h(
          "li",
          { key: i },
          h("h3", null, trace.card.role.name, " ", h(Badge, { kind: trace.matched ? "good" : "plain" }, trace.matched ? t("matches") : t("doesn't match"))),
          !trace.card.autoAssign && h("p.small.muted", null, t("No rule; filled by people and journeys.")),
          trace.card.autoAssign && !trace.inScope && h("p.small.muted", null, t("Not in the card's scope ({scope}).", { scope: word(trace.card.scope) })),
          trace.account && h("p.small.muted", null, trace.account.name),
          trace.condition && h(Trace, { trace: trace.condition }),
        ),
      ),
    ),
  );
}

function Trace({ trace }) {
  return h(
    "div.trace",
    null,
    h("p.small.muted", null, trace.match === "ALL" ? t("All of these:") : t("Any of these:")),
    h(
      "ul.plain",
      null,
      trace.filters.map((one, i) => h("li", { key: i, class: one.matched ? "yes" : "no" }, h("span", { "aria-hidden": "true" }, one.matched ? "✓ " : "✗ "), h("span.visually-hidden", null, one.matched ? t("holds") : t("doesn't hold")), " ", lacks(one))),
      (trace.groups ?? []).map((one, i) => h("li", { key: `g${i}` }, h(Trace, { trace: one }))),
    ),
  );
}
