// What a benchmark's interest is filled by: its template's cards in order, each [role id, role, members required, weight]; and
// the shares of the activity types that the LIVE engagement model weighs; and whether groups stand already.
// mode: read
// params: interest
// returns: cards, shares, grouped
RETURN
  COLLECT {
    MATCH (:SolutionInterest {id: $interest})-[:USES]->(:RoleTemplate)-[:HAS_CARD]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    WITH c, r ORDER BY c.priority
    RETURN [r.id, r.name, c.membersRequired, c.weight]
  } AS cards,
  COLLECT {
    MATCH (m:EngagementModel {status: 'LIVE'})-[:HAS_WEIGHT]->(w:ActivityWeight)
    WITH collect(w) AS weights, max(w.weight) AS largest
    UNWIND weights AS w
    RETURN [w.activityType, w.weight / largest]
  } AS shares,
  EXISTS { (:BuyingGroup {interestId: $interest}) } AS grouped
