// Replaces what accounts own. Returns those whose list differs from before.
// mode: write
// params: rows, by
// returns: external_id
UNWIND $rows AS row
MATCH (a:Account {externalId: row.externalId})
WITH a, row, COLLECT { MATCH (a)-[o:OWNS]->(p:Product) RETURN [p.externalId, coalesce(o.revenue, 'none'), coalesce(o.since, 'none')] } AS standing
WITH a, row, standing,
  [owned IN row.owned | [owned.productExternalId, coalesce(owned.revenue, 'none'), coalesce(owned.since, 'none')]] AS wanted
WHERE size(standing) <> size(wanted) OR any(one IN wanted WHERE NOT one IN standing)
CALL (a, row) {
  MATCH (a)-[o:OWNS]->(p:Product)
  WHERE NOT p.externalId IN [owned IN row.owned | owned.productExternalId]
  DELETE o
}
CALL (a, row) {
  UNWIND row.owned AS owned
  MATCH (p:Product {externalId: owned.productExternalId})
  MERGE (a)-[o:OWNS]->(p)
  SET o.revenue = owned.revenue, o.since = owned.since
}
SET a.updatedAt = datetime(), a.updatedBy = $by
RETURN a.externalId AS external_id
