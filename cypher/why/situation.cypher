// How a person stands in a group, the account it sits at, and the cards that judge it.
// mode: read
// params: group_id, person_id
// returns: group, home_id, person, member, removal, cards
OPTIONAL MATCH (g:BuyingGroup {id: $group_id})
OPTIONAL MATCH (p:Person {id: $person_id})
RETURN g.name AS group, g.accountId AS home_id, p.name AS person,
  head([(p)-[m:MEMBER_OF]->(g) | m {.roleId, .role, .source, .assignedBy, .accountId, .distance, .eventId, on: toString(date(m.assignedAt)),
    account: head(COLLECT { MATCH (a:Account {id: m.accountId}) RETURN a.name })}]) AS member,
  head([(p)-[x:REMOVED_FROM]->(g) | x {.source, .removedBy, .eventId, .reason, on: toString(date(x.removedAt))}]) AS removal,
  COLLECT {
    MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
      -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    RETURN c {.id, .autoAssign, .scope, .maxDistance, .condition, roleId: r.id, role: r.name} AS card ORDER BY c.priority
  } AS cards
