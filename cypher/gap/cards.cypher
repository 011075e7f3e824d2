// The required roles that too few members of a group hold, in order of priority: each card, and how many are missing.
// That is the group's own, as its completeness is: the member at the end has no label, so that nobody is left out.
// mode: read
// params: group_id
// returns: role_id, missing, card
MATCH (g:BuyingGroup {id: $group_id})-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
  -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH c, r, c.membersRequired - COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id } AS missing
WHERE missing > 0
RETURN r.id AS role_id, missing, c {.autoAssign, .scope, .maxDistance, .condition, roleId: r.id, role: r.name} AS card
ORDER BY c.priority
