// Ends a job that this instance holds, or of which it holds a slice.
// mode: write
// params: id, lease, status, error
MATCH (j:Job {id: $id})
SET j._l = true REMOVE j._l
WITH j WHERE j.status = 'RUNNING' AND (j._lease = $lease OR EXISTS { (j)-[:CUT_INTO]->(:_Slice {_lease: $lease}) })
SET j.status = $status, j.error = $error, j.finishedAt = datetime()
REMOVE j._lease, j._leasedUntil, j.cursor, j._input
