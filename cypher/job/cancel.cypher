// Tells a job to stop after its batch; what it did stays.
// mode: write
// params: id
// returns: former
MATCH (j:Job {id: $id})
SET j._l = true REMOVE j._l
WITH j, j.status AS former WHERE j.id IS NOT NULL  // else it was deleted while this waited
FOREACH (_ IN CASE WHEN former IN ['QUEUED', 'RUNNING'] THEN [1] ELSE [] END |
  SET j.status = 'CANCELLED', j.finishedAt = datetime() REMOVE j._lease, j._leasedUntil, j.cursor, j._input)
RETURN former
