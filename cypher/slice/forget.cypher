// Deletes what is left of the slices of jobs that were cancelled, failed, or deleted.
// mode: write
MATCH (s:_Slice)
WHERE NOT EXISTS { (:Job {status: 'RUNNING'})-[:CUT_INTO]->(s) }
DETACH DELETE s
