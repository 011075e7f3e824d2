// A leg of the walk of wanted.cypher, from an account `a` to accounts in whose groups its people may count: below it (to these it is
// above), above it, or across. graph/matching.py leaves out two of the three, and says for whom and how far.
// mode: read
// params: person_ids
// returns: home, distance, side
UNWIND $person_ids AS person_id
MATCH (:Person {id: person_id})-[:WORKS_FOR]->(a:Account)
CALL (a) {
  RETURN a AS home, 0 AS distance, 0 AS side
  /*leg*/
  /*up*/
  UNION ALL
  WITH * WHERE /*hit*/ true /*hit*/
  MATCH path = (home:Account)-[:CHILD_OF]->{1,/*bound*/}(a)
  RETURN home, length(path) AS distance, 1 AS side
  /*up*/
  /*down*/
  UNION ALL
  WITH * WHERE /*hit*/ true /*hit*/
  MATCH path = (home:Account)<-[:CHILD_OF]-{1,/*bound*/}(a)
  RETURN home, length(path) AS distance, 2 AS side
  /*down*/
  /*across*/
  UNION ALL
  WITH * WHERE /*hit*/ true /*hit*/
  MATCH path = (home:Account)-[:CHILD_OF]->{1,/*bound*/}(:Account)<-[:CHILD_OF]-{1,/*bound*/}(a)
  RETURN home, length(path) AS distance, 3 AS side
  /*across*/
  /*leg*/
}
RETURN home, distance, side
