// Lets one job at a time calculate engagement. `taken`: another job that is alive, or has slices, which anybody may take, does;
// `mine`: this job did already, and may go on where it stood; `sliced`: the other one has slices.
// mode: write
// params: job_id
// returns: taken, mine, sliced
MERGE (l:_Lock {name: 'engagement'})
SET l._l = true REMOVE l._l
WITH l, coalesce(l.holder = $job_id, false) AS mine, EXISTS {
  MATCH (j:Job {id: l.holder})
  WHERE j.id <> $job_id AND j.status = 'RUNNING'
    AND (j._leasedUntil >= datetime.realtime() OR EXISTS { (j)-[:CUT_INTO]->(:_Slice) })
} AS taken
FOREACH (_ IN CASE WHEN taken THEN [] ELSE [1] END | SET l.holder = $job_id)
RETURN taken, mine, taken AND EXISTS { (:Job {id: l.holder})-[:CUT_INTO]->(:_Slice) } AS sliced
