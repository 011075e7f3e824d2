// What to call the things that a filter names. No row for what doesn't exist.
// mode: read
// params: ids
// returns: id, name
UNWIND $ids AS id
CALL (id) {
  MATCH (a:Account {id: id}) RETURN a.name AS name
  UNION ALL
  MATCH (p:Product {id: id}) RETURN p.name AS name
  UNION ALL
  MATCH (i:SolutionInterest {id: id}) RETURN i.name AS name
  UNION ALL
  MATCH (t:RoleTemplate {id: id}) RETURN t.name AS name
  UNION ALL
  MATCH (r:Role {id: id}) RETURN r.name AS name
  UNION ALL
  MATCH (s:Stage {id: id}) RETURN s.name AS name
}
RETURN id, name
