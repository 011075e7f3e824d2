// Turns one chunk of kept points into groups' scores, as rate_people.cypher does, and records an event for each that changes.
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
  MATCH (g:BuyingGroup {id: ids[i]})
  WITH g, g.engagementScore AS former, CASE WHEN $top > 0 THEN 100.0 * sqrt(points[i] / $top) ELSE 0.0 END AS score
  WHERE former IS NULL OR abs(former - score) > 1e-12 * (former + score)
  SET g.engagementScore = score, g.updatedAt = datetime(), g.updatedBy = $by
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'ENGAGEMENT_CHANGED', at: datetime.realtime(), actor: $by,
    previous: toString(former), current: toString(score)})-[:IN]->(g)
}
RETURN ids[-1] AS last
