// For each of some cards the people in its scope who come nearest to its condition: by how many comparisons they lack, then
// by distance. Nobody who holds the card's role already, and nobody whose removal from the group stands.
// The comments mark where graph/gaps.py puts the statement of matching/walk.cypher, how much each card's condition lacks, and
// its trace. $reach holds per card [the sides it looks to, its greatest distance], $role_ids its role.
// mode: read
// params: group_id, reach, role_ids, most
// returns: card, person_id, account_id, distance, trace
MATCH (g:BuyingGroup {id: $group_id})
CALL () {
  /*walk*/ MATCH (h:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account) RETURN h.id AS seat, a, 0 AS distance, 0 AS side /*walk*/
}
MATCH (a)<-[w:WORKS_FOR]-(p:Person)
WHERE NOT EXISTS { (p)-[:REMOVED_FROM]->(g) }
WITH g, a, p, distance, side, [/*lacking*/ CASE WHEN w.title IS NULL THEN 1 ELSE 0 END /*lacking*/] AS lacking
UNWIND range(0, size(lacking) - 1) AS card
WITH * WHERE side IN $reach[card][0] AND distance <= $reach[card][1]
  AND NOT EXISTS { (p)-[m:MEMBER_OF]->(g) WHERE m.roleId = $role_ids[card] }
WITH card, p, min([lacking[card], distance, side, a.externalId, a.id]) AS best
ORDER BY card, best[0..3], p.name, p.id
WITH card, collect([p, best])[..$most] AS nearest
UNWIND range(0, size(nearest) - 1) AS place
WITH card, place, nearest[place][0] AS p, nearest[place][1] AS best
MATCH (p)-[w:WORKS_FOR]->(a:Account {id: best[4]})
RETURN card, p.id AS person_id, a.id AS account_id, best[1] AS distance, [/*traces*/ w.title IS NULL /*traces*/][card] AS trace
ORDER BY card, place
