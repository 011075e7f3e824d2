// What the next people, by id, did in the window, in points: per type and UTC day at most `cap` times the type's share.
// The points are kept in chunks, for they become scores only when the highest is known. `share` maps types to the part of the
// largest weight that theirs is; others don't count. The window is given in seconds since 1970, from a midnight in UTC on.
// mode: write
// params: after, before, limit, chunk, since, until, cap, shares
// returns: last, done
MATCH (p:Person)
WHERE p.id > $after AND p.id < $before
WITH p ORDER BY p.id LIMIT $limit
CALL (p) {
  MATCH (p)-[:HAD_ACTIVITY]->(x:Activity)
  WITH x, x.occurredAt.epochSeconds AS moment
  WHERE moment >= $since AND moment < $until AND $shares[x.type] > 0
  WITH x.type AS type, (moment - $since) / 86400 AS day, count(x) AS times
  RETURN toFloat(sum($shares[type] * CASE WHEN times > $cap THEN $cap ELSE times END)) AS points
}
WITH p.id AS id, points ORDER BY id
WITH collect(id) AS ids, collect(points) AS points
FOREACH (i IN range(0, size(ids) - 1, $chunk) | CREATE (:_Scores {first: ids[i], ids: ids[i .. i + $chunk],
  points: points[i .. i + $chunk], top: reduce(top = 0.0, x IN points[i .. i + $chunk] | CASE WHEN x > top THEN x ELSE top END)}))
RETURN ids[-1] AS last, size(ids) AS done
