// The accounts around the accounts at which groups sit, or (by their accounts' ids) would sit: each with how many CHILD_OF
// steps lie between, and on which side it is: 0 own, 1 above, 2 below, 3 across.
// Comments with one name on both sides mark what graph/matching.py leaves out: one of the two ways to find a seat, and the
// legs of the walk (up, down, across) that no card needs; those it needs get their bounds.
// mode: read
// params: seats
// returns: seat, a, distance, side
UNWIND $seats AS seat
/*standing*/
MATCH (:BuyingGroup {id: seat})-[:FOR_ACCOUNT]->(home:Account)
/*standing*/
/*missing*/
MATCH (home:Account {id: seat})
/*missing*/
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
RETURN seat, a, distance, side
