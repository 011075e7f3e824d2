// Ends a batch of a slice: it goes on after an id, or is done and goes. Takes the job's lock, the last thing before the
// commit, so that instances hardly wait for each other. No row when the job has ended meanwhile.
// mode: write
// params: id, after
// returns: job_id
MATCH (j:Job)-[:CUT_INTO]->(s:_Slice {id: $id})
SET j._l = true REMOVE j._l
WITH j, s, j.id AS job_id WHERE j.status = 'RUNNING'
SET s.after = $after
FOREACH (_ IN CASE WHEN $after IS NULL THEN [1] ELSE [] END | DETACH DELETE s)
RETURN job_id
