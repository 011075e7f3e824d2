// What the rules would change in groups: the rows of change.cypher for all whom they match, and for all SYSTEM members whom they
// don't. `cards` holds [role id, role name].
// The comments mark where graph/matching.py puts the statement of matches.cypher, and the parts of change.cypher.
// mode: read
// params: group_ids, cards
// returns: group_id, person_id, change, role_id, role, former_role_id, former_role, account_id, distance, standing
CALL () {
  /*matches*/ UNWIND [] AS none MATCH (g:BuyingGroup)<-[m:MEMBER_OF]-(p:Person)
  RETURN g.id AS group_id, p, 0 AS card, m.distance AS distance, m.accountId AS account_id /*matches*/
}
WITH group_id, collect({p: p, role: $cards[card], distance: distance, accountId: account_id}) AS matches
WITH collect({id: group_id, matches: matches}) AS found
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})
WITH g, coalesce(head([f IN found WHERE f.id = group_id | f.matches]), []) AS matches
CALL (g, matches) {
  UNWIND matches AS match
  RETURN match.p AS p, match
  UNION ALL
  WITH g, [match IN matches | match.p] AS matched
  MATCH (p:Person)-[:MEMBER_OF {source: 'SYSTEM'}]->(g)
  WHERE NOT p IN matched
  RETURN p, null AS match
}
/*change*/ WITH g, p, match, null AS m, null AS x, 'JOIN' AS change /*change*/
/*told*/
RETURN g.id AS group_id, p.id AS person_id, change, match.role[0] AS role_id, match.role[1] AS role, null AS former_role_id,
  null AS former_role, match.accountId AS account_id, match.distance AS distance, null AS standing
/*told*/
