// The interests that maintenance works through.
// mode: read
// params: after
// returns: id
MATCH (i:SolutionInterest)
WHERE $after IS NULL OR i.id > $after
RETURN i.id AS id ORDER BY id LIMIT 1
