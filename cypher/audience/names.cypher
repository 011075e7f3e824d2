// What to call the accounts and products that a filter names.
// mode: read
// params: ids
// returns: id, name
UNWIND $ids AS id
CALL (id) {
  MATCH (a:Account {id: id}) RETURN a.name AS name
  UNION ALL
  MATCH (p:Product {id: id}) RETURN p.name AS name
}
RETURN id, name
