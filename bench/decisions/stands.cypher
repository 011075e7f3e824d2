// What stands between a person and a group, and what was recorded of it: as [role, source, account, distance, completeness],
// and of the group's events those that an actor caused.
// mode: read
// params: group, person, actors
// returns: decision, events
MATCH (g:BuyingGroup {id: $group}), (p:Person {id: $person})
RETURN head([(p)-[m:MEMBER_OF]->(g) | [m.roleId, m.source, m.accountId, m.distance, g.completeness]]) AS decision,
  COLLECT {
    MATCH (g)<-[:IN]-(e:MembershipEvent|BuyingGroupEvent) WHERE e.actor IN $actors
    WITH e.type AS type, e.action AS action, e.outcome AS outcome, e.previous AS previous, e.current AS current, e.role AS role
    RETURN [type, action, outcome, previous, current, role] ORDER BY type
  } AS events
