// The groups of an interest where the rules may want something else for people than what stands now, each with these as
// [person id, card, distance, account id, decided]: into which the rules put them, by which card, through which account (as in
// matches.cypher), if they are no members like that; and, without a card, where they are members and the rules don't put
// them. `decided`: they are members by hand or by a journey. Groups that don't follow `version` count for decided members alone. In one
// row, for a driver takes longer over many than the server does. The comments mark where graph/matching.py puts each card's condition
// as an element of `hits`, and the legs of the walk from an account to those in whose groups it may count.
// mode: read
// params: person_ids, interest_id, version, cards, reach
// returns: groups
UNWIND $person_ids AS person_id
MATCH (p:Person {id: person_id})
CALL (p) {
  MATCH (p)-[w:WORKS_FOR]->(a:Account)
  WITH a, [/*hits*/ w IS NULL /*hits*/] AS hits
  WHERE true IN hits
  CALL (a, hits) {
    RETURN a AS home, 0 AS distance, 0 AS side
    /*legs*/ /*legs*/
  }
  MATCH (g:BuyingGroup {accountId: home.id, interestId: $interest_id})
  WHERE g.templateVersion = $version
  WITH a, g, distance, side,
    head([i IN range(0, size(hits) - 1) WHERE hits[i] AND side IN $reach[i][0] AND distance <= $reach[i][1]]) AS card
  WHERE card IS NOT NULL
  WITH g, min([card, distance, side, a.externalId, a.id]) AS best
  RETURN collect([g, best]) AS wanted
}
CALL (p, wanted) {
  UNWIND wanted AS one
  WITH p, one[0] AS g, one[1] AS best, $cards[one[1][0]][0] AS role_id
  OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
  WITH g, best, role_id, m
  WHERE m IS NULL OR m.source <> 'SYSTEM' OR [m.roleId, m.accountId, m.distance] <> [role_id, best[4], best[1]]
  RETURN g, best, coalesce(m.source <> 'SYSTEM', false) AS decided
  UNION ALL
  WITH p, [one IN wanted | one[0]] AS groups
  MATCH (p)-[m:MEMBER_OF]->(g:BuyingGroup {interestId: $interest_id})
  WHERE NOT g IN groups AND (m.source <> 'SYSTEM' OR g.templateVersion = $version)
  RETURN g, null AS best, m.source <> 'SYSTEM' AS decided
}
WITH g.id AS id, collect([p.id, best[0], best[1], best[4], decided]) AS people ORDER BY id
RETURN collect({id: id, people: people}) AS groups
