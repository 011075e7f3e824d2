// Whom the rules of one template's cards put into each of the groups: per group and person the first card that matches, and
// through which account, the nearest: by distance, then above, below, across, then external id.
// Comments with one name on both sides mark what graph/matching.py fills in or leaves out for the cards at hand: the legs
// of the walk (up, down, across) with their bounds, and each card's condition as an element of `hits`.
// $reach holds per card [the sides it looks to, its greatest distance]; sides are 0 own, 1 above, 2 below, 3 across.
// mode: read
// params: group_ids, reach
// returns: group_id, p, card, distance, account_id
UNWIND $group_ids AS group_id
MATCH (:BuyingGroup {id: group_id})-[:FOR_ACCOUNT]->(home:Account)
CALL (home) {
  RETURN home AS a, 0 AS distance, 0 AS side
  /*up*/
  UNION ALL
  MATCH path = (home)-[:CHILD_OF]->{1,/*up_bound*/}(a:Account)
  RETURN a, length(path) AS distance, 1 AS side
  /*up*/
  /*down*/
  UNION ALL
  MATCH path = (home)<-[:CHILD_OF]-{1,/*down_bound*/}(a:Account)
  RETURN a, length(path) AS distance, 2 AS side
  /*down*/
  /*across*/
  UNION ALL
  MATCH path = (home)-[:CHILD_OF]->{1,/*across_bound*/}(:Account)<-[:CHILD_OF]-{1,/*across_bound*/}(a:Account)
  RETURN a, length(path) AS distance, 3 AS side
  /*across*/
}
WITH a, collect([group_id, distance, side]) AS seats
MATCH (a)<-[w:WORKS_FOR]-(p:Person)
WITH a, seats, p, [/*hits*/ w IS NULL /*hits*/] AS hits
WHERE true IN hits
UNWIND seats AS seat
WITH seat[0] AS group_id, a, p, seat[1] AS distance, seat[2] AS side,
  head([i IN range(0, size(hits) - 1) WHERE hits[i] AND seat[2] IN $reach[i][0] AND seat[1] <= $reach[i][1]]) AS card
WHERE card IS NOT NULL
WITH group_id, p, min([card, distance, side, a.externalId, a.id]) AS best
RETURN group_id, p, best[0] AS card, best[1] AS distance, best[4] AS account_id
