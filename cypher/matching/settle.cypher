// Takes the locks of groups, in the order of their ids, and brings people there to where the rules of wanted.cypher want them, as it
// stands now: the rows of change.cypher, written as by apply.cypher. `cards` holds [role id, role name], `wanted` groups of
// wanted.cypher. Returns the groups in which other people, or in other roles, are members now. One that was deleted is left out.
// The comments mark where graph/matching.py puts the parts of change.cypher and apply.cypher.
// mode: write
// params: wanted, cards
// returns: added, removed, moved, overruled, group_ids
UNWIND $wanted AS one
MATCH (g:BuyingGroup {id: one.id})
SET g._l = true REMOVE g._l
WITH g, one WHERE g.id IS NOT NULL  // else it was deleted while this waited
WITH collect([g, one.people]) AS held  // all are locked before anything is read of them
UNWIND held AS one
WITH one[0] AS g, one[1] AS people
UNWIND people AS place
MATCH (p:Person {id: place[0]})
WITH g, p, CASE WHEN place[1] IS NOT NULL THEN {role: $cards[place[1]], distance: place[2], accountId: place[3]} END AS match
/*change*/ WITH g, p, match, null AS m, null AS x, 'JOIN' AS change /*change*/
WITH g, p, m, change, {role_id: match.role[0], role: match.role[1], former_role_id: m.roleId, former_role: m.role,
  account_id: coalesce(match.accountId, m.accountId), distance: coalesce(match.distance, m.distance),
  standing: coalesce(m.eventId, x.eventId)} AS row
ORDER BY p.id, g.id
/*write*/
/*write*/
WITH change, CASE WHEN change IN ['JOIN', 'MOVE', 'LEAVE'] THEN g.id END AS group_id
RETURN sum(CASE change WHEN 'JOIN' THEN 1 ELSE 0 END) AS added, sum(CASE change WHEN 'LEAVE' THEN 1 ELSE 0 END) AS removed,
  sum(CASE change WHEN 'MOVE' THEN 1 ELSE 0 END) AS moved, sum(CASE change WHEN 'OVERRULED' THEN 1 ELSE 0 END) AS overruled,
  collect(DISTINCT group_id) AS group_ids
