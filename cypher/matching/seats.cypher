// Whom the rules would put into groups at accounts: of each account that has somebody, [person id, card, distance, account id]. In
// one row, for a driver takes longer over many than the server does.
// The comment marks where graph/matching.py puts the statement of matches.cypher.
// mode: read
// returns: seats
CALL () {
  /*matches*/ MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)
  RETURN g.accountId AS group_id, p, 0 AS card, m.distance AS distance, m.accountId AS account_id /*matches*/
}
WITH group_id AS seat, collect([p.id, card, distance, account_id]) AS members
RETURN collect([seat, members]) AS seats
