// How many people there are of touched.cypher between two moments.
// mode: read
// params: since, until
// returns: total
MATCH (p:Person)
WHERE p._touchedAt >= $since AND p._touchedAt < $until AND p.id IS NOT NULL
RETURN count(*) AS total
