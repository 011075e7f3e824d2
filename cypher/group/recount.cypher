// Recounts the completeness of groups whose locks the transaction holds; writes only what differs.
// mode: write
// params: group_ids, by
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})
OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
  -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, c, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
WITH g, g.completeness AS former,
  CASE WHEN count(c) > 0 THEN sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END)
    / count(c) END AS completeness
WHERE coalesce(former, -1.0) <> coalesce(completeness, -1.0)
SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = $by
CREATE (e:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: $by,
  previous: toString(former), current: toString(completeness)})-[:IN]->(g)
