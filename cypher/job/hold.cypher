// Begins a batch: takes the job's lock and renews its lease, if it is still this instance's. No row when it is not, or when
// the job was cancelled. `created`: how many groups it has made.
// mode: write
// params: id, lease, seconds
// returns: cursor, created
MATCH (j:Job {id: $id})
SET j._l = true REMOVE j._l
WITH j WHERE j.status = 'RUNNING' AND j._lease = $lease
SET j._leasedUntil = datetime() + duration({seconds: $seconds})
RETURN j.cursor AS cursor, j.groupsCreated AS created
