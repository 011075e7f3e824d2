// Decisions by hand about who is in a group: assign, change role, remove. What the server refuses stands beside whom it concerns.
import { Fragment, h, nodes, useSettled, useState } from "./base.js";
import { act, gql, useQuery } from "./graphql.js";
import { count, t, word } from "./messages.js";
import { Answer, Badge, Button, Check, Dialog, Outcome, Select, Text, useAct } from "./ui.js";

const ASSIGN = gql`mutation ConsoleAssign($input: AssignMembersInput!, $idempotencyKey: String) {
  assignMembers(input: $input, idempotencyKey: $idempotencyKey) {
    results { personId outcome role { name } standing { source actor role { name } } }
    userErrors { field code message }
  }
}`;
const REMOVE = gql`mutation ConsoleRemove($input: RemoveMembersInput!, $idempotencyKey: String) {
  removeMembers(input: $input, idempotencyKey: $idempotencyKey) {
    results { personId outcome standing { source actor role { name } } }
    userErrors { field code message }
  }
}`;
const PEOPLE = gql`query ConsolePeople($filter: PersonFilter) {
  people(first: 20, filter: $filter, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    edges { node { id name jobTitle email accounts { account { name } } } }
  }
}`;
const MOST = 50;

/** Runs a decision about people, then tells what became of each of them. */
function useDecision(run, people, done) {
  const [state, start] = useAct(run);
  const [told, setTold] = useState(null);
  async function go(event) {
    event.preventDefault();
    const payload = await start();
    if (!payload || !payload.results.length) return;
    setTold(payload);
    done();
  }
  const view = told && h(Results, { payload: told, people });
  const remaining = told ? { ...state, errors: state.errors.filter((one) => place(one) === null) } : state;
  return { state: remaining, go, view };
}

/** Which of the people a refusal is about: their place in the input, or null. */
function place(error) {
  const i = (error.field ?? []).findIndex((part) => part === "members" || part === "personIds");
  const found = i < 0 ? NaN : Number(error.field[i + 1]);
  return Number.isInteger(found) ? found : null;
}

function Results({ payload, people }) {
  return h(
    "div",
    { role: "status" },
    h("ul.results", null, payload.results.map((one, i) => {
      const refusal = payload.userErrors.find((error) => place(error) === i);
      const standing = one.outcome === "OVERRULED" && one.standing && t("{who} decided otherwise, and that stands.", { who: one.standing.actor });
      return h("li", { key: i }, h("strong", null, people[i]?.name ?? ""), " ", h(Badge, { kind: one.outcome.toLowerCase() }, word(one.outcome)), (refusal || standing) && h("p.small", null, refusal?.message ?? standing));
    })),
  );
}

function Footer({ close, decided, busy, words, disabled, kind = "primary" }) {
  if (decided) return h("footer", null, h(Button, { kind: "primary", onClick: close }, t("Done")));
  return h("footer", null, h(Button, { onClick: close }, t("Cancel")), h(Button, { kind, type: "submit", disabled: disabled || busy }, words));
}

const roleOptions = (group) => group.roleTemplate.cards.map((card) => [card.role.id, card.role.name]);

export function Assign({ group, picked, roleId: given = "", close, done }) {
  const [people, setPeople] = useState(picked ? [picked] : []);
  const [roleId, setRole] = useState(given);
  const run = () => act(ASSIGN, { input: { buyingGroupId: group.id, members: people.map((one) => ({ personId: one.id, roleId })) } });
  const { state, go, view } = useDecision(run, people, done);
  const toggle = (person) => setPeople((now) => (now.some((one) => one.id === person.id) ? now.filter((one) => one.id !== person.id) : [...now, person]));
  return h(
    Dialog,
    { title: t("Assign members"), close, wide: true },
    h(
      "form",
      { onSubmit: go },
      view ?? h(Fragment, null, h(Select, { label: t("Role"), any: t("Choose …"), value: roleId, set: setRole, options: roleOptions(group) }), h(People, { group, chosen: people, toggle })),
      h(Outcome, { state }),
      people.length > MOST && h("p.wrong", null, t("At most {n} people at once.", { n: MOST })),
      h(Footer, { close, decided: view, busy: state.busy, disabled: !roleId || !people.length || people.length > MOST, words: count(people.length, "Assign {n} person", "Assign {n} people") }),
    ),
  );
}

function People({ group, chosen, toggle }) {
  const [text, setText] = useState("");
  const search = useSettled(text);
  const query = useQuery(PEOPLE, { filter: { search: search || null, accountId: group.account.id, scope: "HIERARCHY" } });
  return h(
    Fragment,
    null,
    h(Text, { label: t("Search people of the account's hierarchy"), value: text, set: setText, type: "search" }),
    chosen.length > 0 && h("p.small", null, t("Chosen: {names}", { names: chosen.map((one) => one.name).join(", ") })),
    h(Answer, { query }, ({ people }) =>
      h(
        "ul.pick",
        null,
        nodes(people).map((person) =>
          h("li", { key: person.id }, h(Check, { value: chosen.some((one) => one.id === person.id), set: () => toggle(person), label: h(Fragment, null, h("strong", null, person.name), h("span.small.muted", null, ` ${[person.jobTitle, person.accounts.map((one) => one.account.name).join(", ")].filter(Boolean).join(" · ")}`)) })),
        ),
        people.totalCount > 20 && h("li.small.muted", null, t("{n} people in all; search to find others.", { n: people.totalCount })),
        people.totalCount === 0 && h("li.muted", null, t("Nobody found.")),
      ),
    ),
  );
}

export function ChangeRole({ group, people, close, done }) {
  const [shown] = useState(people);
  const [roleId, setRole] = useState("");
  const run = () => act(ASSIGN, { input: { buyingGroupId: group.id, members: shown.map((one) => ({ personId: one.id, roleId })) } });
  const { state, go, view } = useDecision(run, shown, done);
  return h(
    Dialog,
    { title: t("Change role"), close },
    h(
      "form",
      { onSubmit: go },
      view ?? h(Fragment, null, h(Names, { people: shown }), h(Select, { label: t("New role"), any: t("Choose …"), value: roleId, set: setRole, options: roleOptions(group) })),
      h(Outcome, { state }),
      h(Footer, { close, decided: view, busy: state.busy, disabled: !roleId, words: t("Change role") }),
    ),
  );
}

export function Remove({ group, people, close, done }) {
  const [shown] = useState(people);
  const [reason, setReason] = useState("");
  const run = () => act(REMOVE, { input: { buyingGroupId: group.id, personIds: shown.map((one) => one.id), reason: reason.trim() || null } });
  const { state, go, view } = useDecision(run, shown, done);
  return h(
    Dialog,
    { title: t("Remove members"), close },
    h(
      "form",
      { onSubmit: go },
      view ?? h(Fragment, null, h(Names, { people: shown }), h("p.small", null, t("Neither rules nor journeys will put them in again.")), h(Text, { label: t("Reason"), value: reason, set: setReason, maxLength: 255 })),
      h(Outcome, { state }),
      h(Footer, { close, decided: view, busy: state.busy, kind: "danger", words: count(shown.length, "Remove {n} person", "Remove {n} people") }),
    ),
  );
}

const Names = ({ people }) => h("ul.names", null, people.map((one) => h("li", { key: one.id }, one.name, one.role && h("span.small.muted", null, ` ${one.role.name}`))));
