// Deletes groups whose locks the transaction holds, with all that is IN them alone: decisions, events, history.
// mode: write
// params: group_ids
CALL () {
  MATCH (p:Person)-[:MEMBER_OF|REMOVED_FROM]->(g:BuyingGroup)
  WHERE g.id IN $group_ids
  WITH DISTINCT p ORDER BY p.id  // everybody locks people in the same order
  SET p._l = true REMOVE p._l
}
CALL () {
  MATCH (g:BuyingGroup)-[:FOR_INTEREST]->(i:SolutionInterest)
  WHERE g.id IN $group_ids
  WITH DISTINCT i ORDER BY i.id
  SET i._lostAt = datetime()  // maintenance looks again for accounts that lack one
}
CALL () {
  MATCH (part)-[:IN]->(g:BuyingGroup)
  WHERE g.id IN $group_ids
  DETACH DELETE part
}
MATCH (g:BuyingGroup)
WHERE g.id IN $group_ids
DETACH DELETE g
