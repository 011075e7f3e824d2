// Takes the oldest job that waits, or whose instance is gone: its lease is over. No row when there is none; not `mine` when
// another instance took it first. A calculation of engagement waits for the jobs that were asked for before it, so that it
// finds what they make. `here` are the only ones that this instance can work on; null: it can work on all of the kinds.
// mode: write
// params: lease, seconds, kinds, here
// returns: mine, id, kind, by, interest_id, audience_id, entry_stage_id, as_of, input
MATCH (j:Job)
WHERE (j.status = 'QUEUED' OR (j.status = 'RUNNING' AND j._leasedUntil <= datetime()))
  AND j.kind IN $kinds AND ($here IS NULL OR j.id IN $here)
WITH j WHERE j.kind <> 'SCORE' OR j.status = 'RUNNING'
  OR NOT EXISTS { MATCH (former:Job {status: 'RUNNING'}) WHERE former.createdAt < j.createdAt }
WITH j ORDER BY j.createdAt, j.id LIMIT 1
SET j._l = true REMOVE j._l
WITH j, coalesce(j.status = 'QUEUED' OR (j.status = 'RUNNING' AND j._leasedUntil <= datetime()), false) AS mine
FOREACH (_ IN CASE WHEN mine THEN [1] ELSE [] END |
  SET j.status = 'RUNNING', j.startedAt = coalesce(j.startedAt, datetime()), j._lease = $lease,
    j._leasedUntil = datetime() + duration({seconds: $seconds}))
RETURN mine, j.id AS id, j.kind AS kind, j.createdBy AS by, head([(j)-[:FOR_INTEREST]->(i:SolutionInterest) | i.id]) AS interest_id,
  head([(j)-[:FOR_AUDIENCE]->(u:AccountAudience) | u.id]) AS audience_id,
  head([(j)-[:STARTS_AT]->(s:Stage) | s.id]) AS entry_stage_id, j.asOf.epochMillis AS as_of, j._input AS input
