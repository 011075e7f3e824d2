// Fills groups that this transaction made with whom the rules match. `cards` holds [role id, role name] per matched card.
// The comment marks where graph/matching.py puts the statement of matches.cypher.
// mode: write
// params: cards, by
// returns: added
CALL () {
  /*matches*/ UNWIND [] AS none MATCH (g:BuyingGroup)<-[m:MEMBER_OF]-(p:Person)
  RETURN g.id AS group_id, p, 0 AS card, m.distance AS distance, m.accountId AS account_id /*matches*/
}
MATCH (g:BuyingGroup {id: group_id})
WITH g, p, $cards[card] AS role, distance, account_id, randomUUID() AS event
ORDER BY p.id  // everybody locks people in the same order
CREATE (p)-[:MEMBER_OF {roleId: role[0], role: role[1], source: 'SYSTEM', assignedAt: datetime(), assignedBy: $by,
  accountId: account_id, distance: distance, eventId: event}]->(g)
CREATE (e:MembershipEvent:BuyingGroupEvent:_New {id: event, at: datetime.realtime(), action: 'ASSIGN', source: 'SYSTEM', actor: $by,
  outcome: 'APPLIED', roleId: role[0], role: role[1], type: 'MEMBER_ASSIGNED', current: role[1]})
CREATE (e)-[:ABOUT]->(p)
CREATE (e)-[:IN]->(g)
RETURN count(*) AS added
