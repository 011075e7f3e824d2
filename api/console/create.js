// Making buying groups: for which interest and audience, what would come of it, and the job that does it.
import { Fragment, h, nodes, useState } from "./base.js";
import { act, gql, useQuery } from "./graphql.js";
import Job from "./job.js";
import { count, t } from "./messages.js";
import { Button, Dialog, Loading, Outcome, Select, Trouble, useAct } from "./ui.js";

const CHOICES = gql`query ConsoleCreateChoices {
  solutionInterests(first: 100, orderBy: { field: NAME, direction: ASC }) { edges { node { id name stageModel { stages { id name isEntry } } } } }
  accountAudiences(first: 100) { edges { node { id name accounts(first: 1) { totalCount } } } }
}`;
const PREVIEW = gql`query ConsoleCreatePreview($input: PreviewMembershipInput!) {
  previewMembership(input: $input) { newBuyingGroups joinsTotal buyingGroups }
}`;
const CREATE = gql`mutation ConsoleCreateGroups($input: CreateBuyingGroupsInput!, $idempotencyKey: String) {
  createBuyingGroups(input: $input, idempotencyKey: $idempotencyKey) { job { id } userErrors { field code message } }
}`;

export default function Create({ close, done, interestId: given = "" }) {
  const { data, error } = useQuery(CHOICES);
  const [interestId, setInterest] = useState(given);
  const [audienceId, setAudience] = useState("");
  const [stageId, setStage] = useState("");
  const [job, setJob] = useState(null);
  const [ended, setEnded] = useState(false);
  const [state, start] = useAct(() =>
    act(CREATE, { input: { solutionInterestId: interestId, accountAudienceId: audienceId, entryStageId: stageId || null } }),
  );
  async function create() {
    const payload = await start();
    if (payload?.job) setJob(payload.job.id);
  }
  const interests = nodes(data?.solutionInterests);
  const entries = interests.find((one) => one.id === interestId)?.stageModel?.stages.filter((one) => one.isEntry) ?? [];
  const finish = () => {
    setEnded(true);
    done();
  };
  return h(
    Dialog,
    { title: t("Create groups"), close },
    error && h(Trouble, { error }),
    job
      ? h(Fragment, null, h(Job, { id: job, done: finish }), h("footer", null, h(Button, { kind: "primary", onClick: close }, ended ? t("Done") : t("Close; the job goes on"))))
      : h(
          Fragment,
          null,
          h(Select, { label: t("Solution interest"), any: t("Choose …"), value: interestId, set: setInterest, options: interests.map((one) => [one.id, one.name]) }),
          h(Select, {
            label: t("Audience"),
            any: t("Choose …"),
            value: audienceId,
            set: setAudience,
            options: nodes(data?.accountAudiences).map((one) => [one.id, `${one.name} (${count(one.accounts.totalCount, "{n} account", "{n} accounts")})`]),
          }),
          entries.length > 0 && h(Select, { label: t("Stage to enter at"), any: t("None"), value: stageId, set: setStage, options: entries.map((one) => [one.id, one.name]) }),
          interestId && audienceId && h(Estimate, { interestId, audienceId }),
          h(Outcome, { state }),
          h("footer", null, h(Button, { onClick: close }, t("Cancel")), h(Button, { kind: "primary", onClick: create, disabled: !interestId || !audienceId || state.busy }, t("Create groups"))),
        ),
  );
}

function Estimate({ interestId, audienceId }) {
  const { data, error, loading } = useQuery(PREVIEW, { input: { solutionInterestId: interestId, accountAudienceId: audienceId, first: 1 } });
  if (error) return h(Trouble, { error });
  if (loading || !data) return h(Loading, null);
  const { newBuyingGroups, joinsTotal } = data.previewMembership;
  return h(
    "div.estimate",
    { role: "status" },
    h("p.strong", null, `${count(newBuyingGroups, "{n} group would be made", "{n} groups would be made")}, ${count(joinsTotal, "{n} person would join.", "{n} people would join.")}`),
    newBuyingGroups === 0 && h("p", null, t("Every account of the audience has its group already.")),
  );
}
