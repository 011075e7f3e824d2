// Members by hand and by journeys hold through the nearest relation that they have in the group's hierarchy now. Those who
// have none left keep what is recorded, for the decision stands. In groups whose locks the transaction holds; no event. Of these
// people alone, unless `person_ids` is null.
// mode: write
// params: group_ids, person_ids
UNWIND $group_ids AS group_id
MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup {id: group_id})
WHERE m.source <> 'SYSTEM' AND ($person_ids IS NULL OR p.id IN $person_ids)
WITH g, collect([p, m]) AS members
MATCH (g)-[:FOR_ACCOUNT]->(home:Account)
WITH members, COLLECT { MATCH path = (home)-[:CHILD_OF]->*(a:Account) RETURN a.id ORDER BY length(path) } AS up
UNWIND members AS member
WITH member[0] AS p, member[1] AS m, up
CALL (p, up) {
  MATCH (p)-[:WORKS_FOR]->(a:Account)
  WITH a, up, COLLECT { MATCH path = (a)-[:CHILD_OF]->*(b:Account) RETURN b.id ORDER BY length(path) } AS own
  WITH a, up, own, head([i IN range(0, size(own) - 1) WHERE own[i] IN up]) AS below
  WHERE below IS NOT NULL
  WITH a, below, head([i IN range(0, size(up) - 1) WHERE up[i] = own[below]]) AS above
  ORDER BY above + below, CASE WHEN below = 0 THEN 0 WHEN above = 0 THEN 1 ELSE 2 END, a.externalId, a.id
  LIMIT 1
  RETURN a.id AS account_id, above + below AS distance
}
WITH m, account_id, distance
WHERE [m.accountId, m.distance] <> [account_id, distance]
SET m.accountId = account_id, m.distance = distance
