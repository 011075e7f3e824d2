// The next account that was moved at or after a moment and before another, in the order of the moves; `at` in milliseconds since
// 1970. `since` and `after` are those of the last one. The id is never missing: it is named for the index's sake.
// mode: read
// params: since, until, after
// returns: id, at
MATCH (a:Account)
WHERE a._movedAt >= $since AND a._movedAt < $until AND a.id IS NOT NULL AND (a._movedAt > $since OR a.id > $after)
RETURN a.id AS id, a._movedAt AS at ORDER BY at, id LIMIT 1
