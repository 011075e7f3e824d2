// The next people who changed, or about whom somebody decided, at or after a moment and before another, in the order of that; `at`
// in milliseconds since 1970. `since` and `after` are those of the last one. The id is never missing: it is named for the index's sake.
// mode: read
// params: since, until, after, limit
// returns: id, at
MATCH (p:Person)
WHERE p._touchedAt >= $since AND p._touchedAt < $until AND p.id IS NOT NULL AND (p._touchedAt > $since OR p.id > $after)
RETURN p.id AS id, p._touchedAt AS at ORDER BY at, id LIMIT $limit
