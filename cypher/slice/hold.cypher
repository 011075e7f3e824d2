// Begins a batch of a slice: takes its lock and renews its lease, if it is still this instance's. No row when it is not, or when
// its job has ended. `cursor`: where the job stands.
// mode: write
// params: id, lease, seconds
// returns: after, until, cursor
MATCH (s:_Slice {id: $id})
SET s._l = true REMOVE s._l
WITH s WHERE s._lease = $lease
MATCH (j:Job {status: 'RUNNING'})-[:CUT_INTO]->(s)
SET s._leasedUntil = datetime() + duration({seconds: $seconds})
RETURN s.after AS after, s.until AS until, j.cursor AS cursor
