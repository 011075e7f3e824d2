// The next people who changed, or about whom somebody decided, in the order of when (`at`, in milliseconds since 1970) and of their
// ids: behind one (`since`, `after`), up to and with another (`until`, `last`). The id is never missing: it is named for the index's
// sake. In one row, for a driver takes longer over many than the server does; `at` and `last_id` are those of the last one.
// mode: read
// params: since, after, until, last, limit
// returns: ids, at, last_id
MATCH (p:Person)
WHERE p._touchedAt >= $since AND p._touchedAt <= $until AND p.id IS NOT NULL
  AND (p._touchedAt > $since OR p.id > $after) AND (p._touchedAt < $until OR p.id <= $last)
WITH p.id AS id, p._touchedAt AS at ORDER BY at, id LIMIT $limit
WITH collect(id) AS ids, max(at) AS at
RETURN ids, at, ids[-1] AS last_id
