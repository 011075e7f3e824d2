// Sets the completeness of groups to what a recount gives.
// mode: write
// params: by, limit
// returns: what
MATCH (g:BuyingGroup)
OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
  -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, c, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
WITH g, CASE WHEN count(c) > 0 THEN sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END)
  / count(c) END AS counted
WHERE abs(coalesce(g.completeness, -1.0) - coalesce(counted, -1.0)) > 1e-9
WITH g ORDER BY g.id LIMIT $limit
SET g._l = true REMOVE g._l
WITH g
OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
  -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, c, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
WITH g, g.completeness AS former,
  CASE WHEN count(c) > 0 THEN sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END)
    / count(c) END AS completeness
SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = $by
CREATE (e:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: $by,
  previous: toString(former), current: toString(completeness)})-[:IN]->(g)
RETURN g.name + ' has completeness ' + coalesce(toString(completeness), 'null') AS what
