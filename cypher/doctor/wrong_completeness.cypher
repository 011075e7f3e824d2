// Groups whose completeness differs from its recount
// mode: read
// returns: what
MATCH (g:BuyingGroup)
OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
  -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, c, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
WITH g, CASE WHEN count(c) > 0 THEN sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END)
  / count(c) END AS counted
WHERE abs(coalesce(g.completeness, -1.0) - coalesce(counted, -1.0)) > 1e-9
RETURN g.name + ' has completeness ' + coalesce(toString(g.completeness), 'null') + ', but a recount gives '
  + coalesce(toString(counted), 'null') + ' (' + g.id + ')' AS what
