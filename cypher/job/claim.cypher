// Takes the oldest job that waits, or whose instance is gone: its lease is over. Of a job that is cut into slices, it takes a
// slice of which that is true. No row when there is none; not `mine` when another instance took it first. A calculation of
// engagement waits for the jobs that were asked for before it, so that it finds what they make. `here` are the only ones that this
// instance can work on; null: it can work on all of the kinds. That a job has its time is said for the index's sake.
// mode: write
// params: lease, seconds, kinds, here
// returns: mine, id, kind, by, interest_id, audience_id, entry_stage_id, as_of, input, slice
MATCH (j:Job)
WHERE j.status IN ['QUEUED', 'RUNNING'] AND j.createdAt IS NOT NULL AND j.kind IN $kinds AND ($here IS NULL OR j.id IN $here)
WITH j, EXISTS { (j)-[:CUT_INTO]->(:_Slice) } AS cut, head(COLLECT {
  MATCH (j)-[:CUT_INTO]->(s:_Slice) WHERE coalesce(s._leasedUntil <= datetime(), true) RETURN s ORDER BY s.place LIMIT 1
}) AS slice
WHERE CASE WHEN cut THEN slice IS NOT NULL ELSE j.status = 'QUEUED' OR j._leasedUntil <= datetime() END
WITH j, slice WHERE j.kind <> 'SCORE' OR j.status = 'RUNNING'
  OR NOT EXISTS { MATCH (former:Job {status: 'RUNNING'}) WHERE former.createdAt < j.createdAt }
WITH j, slice ORDER BY j.createdAt, j.id LIMIT 1
SET j._l = true REMOVE j._l
FOREACH (s IN CASE WHEN slice IS NULL THEN [] ELSE [slice] END | SET s._l = true REMOVE s._l)
WITH j, slice, CASE
  WHEN slice IS NOT NULL THEN j.status = 'RUNNING' AND slice.id IS NOT NULL AND coalesce(slice._leasedUntil <= datetime(), true)
  ELSE NOT EXISTS { (j)-[:CUT_INTO]->(:_Slice) }
    AND coalesce(j.status = 'QUEUED' OR (j.status = 'RUNNING' AND j._leasedUntil <= datetime()), false)
  END AS mine
FOREACH (held IN CASE WHEN mine THEN [coalesce(slice, j)] ELSE [] END |
  SET j.status = 'RUNNING', j.startedAt = coalesce(j.startedAt, datetime()), held._lease = $lease,
    held._leasedUntil = datetime() + duration({seconds: $seconds}))
RETURN mine, j.id AS id, j.kind AS kind, j.createdBy AS by, head([(j)-[:FOR_INTEREST]->(i:SolutionInterest) | i.id]) AS interest_id,
  head([(j)-[:FOR_AUDIENCE]->(u:AccountAudience) | u.id]) AS audience_id,
  head([(j)-[:STARTS_AT]->(s:Stage) | s.id]) AS entry_stage_id, j.asOf.epochMillis AS as_of, j._input AS input, slice.id AS slice
