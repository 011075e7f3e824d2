// What the rules change for people in groups as it stands now: the rows of change.cypher for those of wanted.cypher. `cards` holds
// [role id, role name].
// The comments mark where graph/matching.py puts the end of change.cypher.
// mode: read
// params: wanted, cards
// returns: group_id, person_id, change, role_id, role, former_role_id, former_role, account_id, distance, standing
UNWIND $wanted AS row
MATCH (g:BuyingGroup {id: row.group_id})
MATCH (p:Person {id: row.person_id})
WITH g, p, CASE WHEN row.card IS NOT NULL
  THEN {role: $cards[row.card], distance: row.distance, accountId: row.account_id} END AS match
/*change*/
RETURN g.id AS group_id, p.id AS person_id, 'JOIN' AS change, match.role[0] AS role_id, match.role[1] AS role, null AS former_role_id,
  null AS former_role, match.accountId AS account_id, match.distance AS distance, null AS standing
/*change*/
