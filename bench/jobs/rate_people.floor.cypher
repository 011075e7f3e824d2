// The floor of a calculation of engagement, its first half: people's points in the window, and their scores. `shares` maps
// types of activities to the part of the largest weight that theirs is.
// mode: write
// params: since, until, cap, shares, by
MATCH (p:Person)
CALL (p) {
  MATCH (p)-[:HAD_ACTIVITY]->(x:Activity)
  WITH x.type AS type, x.occurredAt.epochSeconds AS moment
  WHERE moment >= $since AND moment < $until
  WITH type, (moment - $since) / 86400 AS day, count(*) AS times
  RETURN toFloat(sum($shares[type] * CASE WHEN times > $cap THEN $cap ELSE times END)) AS points
}
WITH collect([p, points]) AS all, max(points) AS top
UNWIND all AS one
WITH one[0] AS p, CASE WHEN top > 0 THEN 100.0 * sqrt(one[1] / top) ELSE 0.0 END AS score
WHERE p.engagementScore IS NULL OR abs(p.engagementScore - score) > 1e-12 * (p.engagementScore + score)
CALL (p, score) {
  SET p.engagementScore = score, p.updatedAt = datetime(), p.updatedBy = $by
} IN TRANSACTIONS OF 1000 ROWS
