// Turns one chunk of kept points into people's scores: the root of the part of the highest, of 100. Writes only what differs,
// and not for the last digits. No row when no chunk is left.
// mode: write
// params: top, by, after, before
// returns: last
MATCH (s:_Scores)
WHERE s.first > $after AND s.first < $before
WITH s ORDER BY s.first LIMIT 1
WITH s, s.ids AS ids, s.points AS points
DELETE s
WITH ids, points
CALL (ids, points) {
  UNWIND range(0, size(ids) - 1) AS i
  MATCH (p:Person {id: ids[i]})
  WITH p, CASE WHEN $top > 0 THEN 100.0 * sqrt(points[i] / $top) ELSE 0.0 END AS score
  WHERE p.engagementScore IS NULL OR abs(p.engagementScore - score) > 1e-12 * (p.engagementScore + score)
  SET p.engagementScore = score, p.updatedAt = datetime(), p.updatedBy = $by
}
RETURN ids[-1] AS last
