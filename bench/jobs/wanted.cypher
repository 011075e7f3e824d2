// Whom the rules want in the groups of an interest at some accounts now, by external ids, for comparison.
// mode: read
// params: interest, accounts, roles
// returns: account, members
UNWIND $accounts AS account_id
MATCH (home:Account {id: account_id})<-[:FOR_ACCOUNT]-(g:BuyingGroup {interestId: $interest})
WITH collect([g, home]) AS made
CALL (made) {
  /*matches*/
  WITH g, p, best ORDER BY p.externalId
  RETURN g, collect([p.externalId, $roles[best[0]][1], best[3], best[1]]) AS members
}
MATCH (g)-[:FOR_ACCOUNT]->(home:Account)
RETURN home.externalId AS account, members
