// Lets one job at a time calculate engagement. `taken`: another job that is alive does; `mine`: this job did already, and may
// go on where it stood.
// mode: write
// params: job_id
// returns: taken, mine
MERGE (l:_Lock {name: 'engagement'})
SET l._l = true REMOVE l._l
WITH l, coalesce(l.holder = $job_id, false) AS mine, EXISTS {
  MATCH (j:Job {id: l.holder})
  WHERE j.id <> $job_id AND j.status = 'RUNNING' AND j._leasedUntil >= datetime.realtime()
} AS taken
FOREACH (_ IN CASE WHEN taken THEN [] ELSE [1] END | SET l.holder = $job_id)
RETURN taken, mine
