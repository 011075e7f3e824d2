// How many people the rules would put into groups that accounts lack, and the first of them.
// The comment marks where graph/preview.py puts the statement of matching/matches.cypher. `cards` holds [role id, role name]
// per matched card.
// mode: read
// params: cards, most
// returns: total, first
CALL () {
  /*matches*/ MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)
  RETURN g.accountId AS group_id, p, 0 AS card, m.distance AS distance, m.accountId AS account_id /*matches*/
}
WITH * ORDER BY group_id, p.id
WITH {groupId: null, homeId: group_id, personId: p.id, toRoleId: $cards[card][0], fromRoleId: null, throughId: account_id,
  distance: distance} AS row
RETURN count(*) AS total, collect(row)[..$most] AS first
