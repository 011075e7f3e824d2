// All people, in order.
// mode: read
// returns: keys
MATCH (p:Person)
WITH p ORDER BY p.externalId
RETURN collect(p.externalId) AS keys
