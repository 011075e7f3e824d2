// Who stands behind so many (`skip`) of the people of touched.cypher between two moments.
// mode: read
// params: since, until, skip
// returns: id, at
MATCH (p:Person)
WHERE p._touchedAt >= $since AND p._touchedAt < $until AND p.id IS NOT NULL
RETURN p.id AS id, p._touchedAt AS at ORDER BY at, id SKIP $skip LIMIT 1
