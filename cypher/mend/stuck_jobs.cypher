// Frees jobs that nobody works on any more, so that an instance takes them up and goes on where they stood.
// mode: write
// params: limit
// returns: what
MATCH (j:Job {status: 'RUNNING'})
OPTIONAL MATCH (j)-[:CUT_INTO]->(s:_Slice)
WITH j, collect(s) AS slices, max(s._leasedUntil) AS sliced
WITH j, slices, CASE WHEN sliced > j._leasedUntil THEN sliced ELSE j._leasedUntil END AS held
WHERE held < datetime() - duration('PT5M') OR held > datetime() + duration('PT1H')
WITH j, slices ORDER BY j.id LIMIT $limit
SET j._l = true REMOVE j._l
WITH j, slices WHERE j.status = 'RUNNING'
FOREACH (s IN slices | REMOVE s._lease, s._leasedUntil)
FOREACH (_ IN CASE WHEN slices = [] THEN [1] ELSE [] END | SET j.status = 'QUEUED')
REMOVE j._lease, j._leasedUntil
RETURN j.kind + ' job ' + j.id + ' waits to be taken up, and goes on where it stood' AS what
