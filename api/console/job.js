// A job's progress, followed as it moves on.
import { Fragment, h, useEffect, useState } from "./base.js";
import { act, follow, gql } from "./graphql.js";
import { count, t, word } from "./messages.js";
import { Button, Notice, Outcome, Progress, Status, Trouble, useAct } from "./ui.js";

const PROGRESS = gql`subscription ConsoleJobProgress($id: ID!) {
  jobProgress(id: $id) {
    id kind status error
    progress { accountsTotal accountsDone groupsCreated membersAdded membersRemoved rolesChanged overruled }
  }
}`;
const CANCEL = gql`mutation ConsoleCancelJob($id: ID!, $idempotencyKey: String) {
  cancelJob(id: $id, idempotencyKey: $idempotencyKey) { job { id status } userErrors { field code message } }
}`;

/** `done` is called once, when the job has ended. */
export default function Job({ id, done = () => {} }) {
  const [job, setJob] = useState(null);
  const [error, setError] = useState(null);
  const [cancelling, cancel] = useAct(() => act(CANCEL, { id }));
  useEffect(() => {
    const next = ({ jobProgress }) => setJob(jobProgress);
    const end = (problem) => (problem ? setError(problem) : done());
    return follow(PROGRESS, { id }, { next, end });
  }, [id]);
  if (error) return h(Trouble, { error });
  const status = job?.status ?? "QUEUED";
  const { progress } = job ?? {};
  const running = status === "QUEUED" || status === "RUNNING";
  return h(
    "div.job",
    { "data-status": status },
    h("p", { role: "status" }, job && `${word(job.kind)} `, h(Status, { value: status })),
    h(Progress, { done: status === "SUCCEEDED" ? 1 : (progress?.accountsDone ?? 0), total: status === "SUCCEEDED" ? 1 : (progress?.accountsTotal ?? 0), label: t("Progress of the job") }),
    progress && h(Tally, { progress }),
    job?.error && h(Notice, { kind: "bad" }, job.error),
    h(Outcome, { state: cancelling }),
    running && h(Button, { onClick: cancel, disabled: cancelling.busy }, t("Cancel the job")),
  );
}

function Tally({ progress }) {
  const told = [
    count(progress.groupsCreated, "{n} group made", "{n} groups made"),
    count(progress.membersAdded, "{n} member added", "{n} members added"),
    progress.membersRemoved > 0 && count(progress.membersRemoved, "{n} member left", "{n} members left"),
    progress.rolesChanged > 0 && count(progress.rolesChanged, "{n} role changed", "{n} roles changed"),
    progress.overruled > 0 && count(progress.overruled, "{n} decision of a person stood", "{n} decisions of people stood"),
  ];
  return h(Fragment, null, h("p.small", null, told.filter(Boolean).join(" · ")));
}
