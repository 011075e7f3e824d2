// What stands between a person and a group.
// mode: read
// params: group, person
// returns: role_id, source, completeness
MATCH (p:Person {id: $person})-[m:MEMBER_OF]->(g:BuyingGroup {id: $group})
RETURN m.roleId AS role_id, m.source AS source, g.completeness AS completeness
