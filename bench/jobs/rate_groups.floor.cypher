// The floor of a calculation of engagement, its second half: groups' scores from their members', with a numbered event for
// each that changes. `weights` maps the ids of roles to the weights of their cards.
// mode: write
// params: interest, weights, by
MATCH (g:BuyingGroup {interestId: $interest})
CALL (g) {
  MATCH (g)<-[m:MEMBER_OF]-(p:Person)
  WITH m.roleId AS role_id, sum(p.engagementScore) AS score
  WITH sum(score * $weights[role_id]) AS weighted, sum($weights[role_id]) AS weights
  RETURN CASE WHEN weights > 0 THEN weighted / weights ELSE 0.0 END AS points
}
WITH collect([g, points]) AS all, max(points) AS top
UNWIND all AS one
WITH one[0] AS g, one[0].engagementScore AS former, CASE WHEN top > 0 THEN 100.0 * sqrt(one[1] / top) ELSE 0.0 END AS score
WHERE former IS NULL OR abs(former - score) > 1e-12 * (former + score)
WITH collect([g, former, score]) AS changed
UNWIND range(0, size(changed) - 1, 1000) AS first
CALL (changed, first) {
  UNWIND changed[first .. first + 1000] AS one
  WITH one[0] AS g, one[1] AS former, one[2] AS score
  SET g.engagementScore = score, g.updatedAt = datetime(), g.updatedBy = $by
  CREATE (e:BuyingGroupEvent {id: randomUUID(), type: 'ENGAGEMENT_CHANGED', at: datetime(), actor: $by,
    previous: toString(former), current: toString(score)})-[:IN]->(g)
  WITH collect(e) AS told
  /*number*/
} IN TRANSACTIONS OF 1 ROW
