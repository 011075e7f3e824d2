// Whom the rules put into groups, `made` holds [group, its account]: group, person, and as `best` the card, the distance, the
// side, and the account through which.
UNWIND made AS one
WITH one[0] AS g, one[1] AS home
CALL (home) {
  RETURN home AS a, 0 AS distance, 0 AS side
  UNION ALL
  MATCH path = (home)-[:CHILD_OF]->+(a:Account)
  RETURN a, length(path) AS distance, 1 AS side
  UNION ALL
  MATCH path = (home)<-[:CHILD_OF]-+(a:Account)
  RETURN a, length(path) AS distance, 2 AS side
  UNION ALL
  MATCH (home)-[:CHILD_OF]->(:Account)<-[:CHILD_OF]-(a:Account)
  RETURN a, 2 AS distance, 3 AS side
}
WITH a, collect([g, distance, side]) AS seats
MATCH (a)<-[w:WORKS_FOR]-(p:Person)
/*hits*/
UNWIND seats AS seat
/*card*/
WITH seat[0] AS g, p, min([card, seat[1], seat[2], a.externalId, a.id]) AS best
