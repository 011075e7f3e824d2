// Members in a role that is on no card of their group's template
// mode: read
// returns: what
MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)
WHERE NOT EXISTS {
  (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
    -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(:RoleCard)-[:FOR_ROLE]->(:Role {id: m.roleId})
}
RETURN p.name + ' is ' + coalesce(m.role, 'without a role') + ' of ' + g.name + ', whose template has no such card ('
  + p.id + ', ' + g.id + ')' AS what
