// Which ids name an account, a person, a buying group or a job.
// mode: read
// params: ids
// returns: id
UNWIND $ids AS own
CALL (own) {
  MATCH (a:Account {id: own}) RETURN a.id AS id
  UNION ALL
  MATCH (p:Person {id: own}) RETURN p.id AS id
  UNION ALL
  MATCH (g:BuyingGroup {id: own}) RETURN g.id AS id
  UNION ALL
  MATCH (j:Job {id: own}) RETURN j.id AS id
}
RETURN id
