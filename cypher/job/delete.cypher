// Deletes a job's record, unless it still runs. Its groups stay.
// mode: write
// params: id
// returns: former
MATCH (j:Job {id: $id})
SET j._l = true REMOVE j._l
WITH j, j.status AS former WHERE j.id IS NOT NULL  // else it was deleted while this waited
FOREACH (_ IN CASE WHEN former IN ['QUEUED', 'RUNNING'] THEN [] ELSE [1] END | DETACH DELETE j)
RETURN former
