// How many changes of each kind the rules would make in groups, and the first of them.
// The comment marks where graph/preview.py puts the statement of matching/changes.cypher.
// mode: read
// params: most
// returns: change, total, first
CALL () {
  /*changes*/ MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)
  RETURN g.id AS group_id, p.id AS person_id, m.source AS change, m.roleId AS role_id, m.roleId AS former_role_id,
    m.accountId AS account_id, m.distance AS distance /*changes*/
}
MATCH (g:BuyingGroup {id: group_id})
WITH * ORDER BY group_id, person_id
WITH change, {groupId: group_id, homeId: g.accountId, personId: person_id, toRoleId: role_id, fromRoleId: former_role_id,
  throughId: account_id, distance: distance} AS row
RETURN change, count(*) AS total, collect(row)[..$most] AS first
