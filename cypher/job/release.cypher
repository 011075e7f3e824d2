// Gives a job's lease back, so that another instance may go on at once.
// mode: write
// params: id, lease
MATCH (j:Job {id: $id})
SET j._l = true REMOVE j._l
WITH j WHERE j.status = 'RUNNING' AND j._lease = $lease
SET j._leasedUntil = datetime()
