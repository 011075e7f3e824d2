// Replaces what accounts own (with `keep`: adds to it). A product's `properties` hold what is given alone: null clears.
// Returns the accounts whose list differs from before, with the products that are new to it and those that changed.
// mode: write
// params: rows, by
// returns: external_id, added, changed
UNWIND $rows AS row
MATCH (a:Account {externalId: row.externalId})
WITH a, row, COLLECT { MATCH (a)-[o:OWNS]->(p:Product) RETURN {key: p.externalId, properties: properties(o)} } AS standing
WITH a, row,
  [s IN standing WHERE NOT row.keep AND NOT s.key IN [one IN row.owned | one.productExternalId] | s.key] AS lost,
  [one IN row.owned WHERE NOT one.productExternalId IN [s IN standing | s.key] | one.productExternalId] AS added,
  [one IN row.owned WHERE any(s IN standing WHERE s.key = one.productExternalId AND any(
    k IN keys(one.properties)
    WHERE NOT coalesce(s.properties[k] = one.properties[k], s.properties[k] IS NULL AND one.properties[k] IS NULL)
  )) | one.productExternalId] AS changed
WHERE size(lost) + size(added) + size(changed) > 0
CALL (a, lost) {
  MATCH (a)-[o:OWNS]->(p:Product) WHERE p.externalId IN lost
  DELETE o
}
CALL (a, row) {
  UNWIND row.owned AS one
  MATCH (p:Product {externalId: one.productExternalId})
  MERGE (a)-[o:OWNS]->(p)
  SET o += one.properties
}
SET a.updatedAt = datetime(), a.updatedBy = $by
RETURN a.externalId AS external_id, added, changed
