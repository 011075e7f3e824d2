// Jobs that nobody works on any more
// mode: read
// returns: what
MATCH (j:Job {status: 'RUNNING'})
OPTIONAL MATCH (j)-[:CUT_INTO]->(s:_Slice)
WITH j, max(s._leasedUntil) AS slices
WITH j, CASE WHEN slices > j._leasedUntil THEN slices ELSE j._leasedUntil END AS held
WHERE held < datetime() - duration('PT5M') OR held > datetime() + duration('PT1H')
RETURN j.kind + ' job ' + j.id + ' runs, but ' + CASE WHEN held > datetime() THEN 'is held for ever, until ' ELSE 'no instance has held it since ' END
  + toString(held) AS what
