// Recounts the completeness of groups whose locks the transaction holds; writes only what differs.
// mode: write
// params: group_ids, by
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})-[:FOR_INTEREST]->(i:SolutionInterest)
WITH i, g.templateVersion AS version, collect(g) AS groups
WITH groups, COLLECT {
  MATCH (i)-[:USES]->(:RoleTemplate)-[:HAS_CARD|HAD_CARD {version: version}]->(c:RoleCard {requiredForCompleteness: true})
    -[:FOR_ROLE]->(r:Role)
  RETURN [r.id, c.membersRequired] ORDER BY c.priority
} AS cards
UNWIND groups AS g
WITH g, cards, COLLECT { MATCH (g)<-[m:MEMBER_OF]-() RETURN m.roleId } AS held
WITH g, [card IN cards | [size([role IN held WHERE role = card[0]]), card[1]]] AS counts, g.completeness AS former
WITH g, former, CASE WHEN size(counts) > 0 THEN reduce(sum = 0.0, count IN counts |
  sum + CASE WHEN count[0] < count[1] THEN 100.0 * count[0] / count[1] ELSE 100.0 END) / size(counts) END AS completeness
WHERE coalesce(former, -1.0) <> coalesce(completeness, -1.0)
SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = $by
CREATE (e:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: $by,
  previous: toString(former), current: toString(completeness)})-[:IN]->(g)
