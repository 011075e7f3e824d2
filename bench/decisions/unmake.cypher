// Deletes the interests whose name begins so, their groups with the events of these, and their jobs.
// mode: write
// params: prefix
MATCH (i:SolutionInterest) WHERE i.name STARTS WITH $prefix
CALL (i) {
  MATCH (i)<-[:FOR_INTEREST]-(n:Job|BuyingGroup)
  RETURN n
  UNION ALL
  MATCH (i)<-[:FOR_INTEREST]-(:BuyingGroup)<-[:IN]-(n)
  RETURN n
  UNION ALL
  RETURN i AS n
}
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 2000 ROWS
