// Jobs that nobody works on any more
// mode: read
// returns: what
MATCH (j:Job {status: 'RUNNING'})
OPTIONAL MATCH (j)-[:CUT_INTO]->(s:_Slice)
WITH j, max(s._leasedUntil) AS slices
WITH j, CASE WHEN slices > j._leasedUntil THEN slices ELSE j._leasedUntil END AS held
WHERE held < datetime() - duration('PT5M')
RETURN j.kind + ' job ' + j.id + ' runs, but no instance has held it since ' + toString(held) AS what
