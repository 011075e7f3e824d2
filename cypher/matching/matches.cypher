// Whom the rules of one template's cards put into each of the groups: per group and person the first card that matches, and
// through which account, the nearest: by distance, then above, below, across, then external id. Where groups are missing,
// an account's id stands for the group that would sit there.
// The comments mark where graph/matching.py puts the statement of walk.cypher, and each card's condition as an element of
// `hits`. $reach holds per card [the sides it looks to, its greatest distance].
// mode: read
// params: reach
// returns: group_id, p, card, distance, account_id
CALL () {
  /*walk*/ MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account) RETURN g.id AS seat, a, 0 AS distance, 0 AS side /*walk*/
}
WITH a, collect([seat, distance, side]) AS seats
MATCH (a)<-[w:WORKS_FOR]-(p:Person)
WITH a, seats, p, [/*hits*/ w IS NULL /*hits*/] AS hits
WHERE true IN hits
UNWIND seats AS seat
WITH seat[0] AS group_id, a, p, seat[1] AS distance, seat[2] AS side,
  head([i IN range(0, size(hits) - 1) WHERE hits[i] AND seat[2] IN $reach[i][0] AND seat[1] <= $reach[i][1]]) AS card
WHERE card IS NOT NULL
WITH group_id, p, min([card, distance, side, a.externalId, a.id]) AS best
RETURN group_id, p, best[0] AS card, best[1] AS distance, best[4] AS account_id
