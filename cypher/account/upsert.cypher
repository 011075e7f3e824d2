// Creates or changes accounts, in the order given, which is that of their external ids. `properties` holds what is given
// alone: null clears. A new name renames the account's groups. `change` is CREATED, UPDATED or null.
// mode: write
// params: rows, by
// returns: external_id, id, change
UNWIND $rows AS row
MERGE (a:Account {externalId: row.externalId})
ON CREATE SET a._new = true, a.id = randomUUID(), a.createdAt = datetime(), a.createdBy = $by
WITH row, a, CASE
  WHEN a._new THEN 'CREATED'
  WHEN any(k IN keys(row.properties) WHERE NOT coalesce(a[k] = row.properties[k], a[k] IS NULL AND row.properties[k] IS NULL))
    THEN 'UPDATED'
  END AS change, a.name AS former
REMOVE a._new
FOREACH (_ IN CASE WHEN change IS NULL THEN [] ELSE [1] END |
  SET a += row.properties, a.nameKey = toLower(trim(row.properties.name)), a.updatedAt = datetime(), a.updatedBy = $by
)
WITH row, a, change, former
CALL (a, change, former) {
  WITH * WHERE change = 'UPDATED' AND former <> a.name
  MATCH (a)<-[:FOR_ACCOUNT]-(g:BuyingGroup)-[:FOR_INTEREST]->(i:SolutionInterest)
  WITH a, g, i ORDER BY g.id
  SET g.name = i.name + ' for ' + a.name, g.nameKey = toLower(trim(i.name + ' for ' + a.name)),
    g.updatedAt = datetime(), g.updatedBy = $by
}
RETURN row.externalId AS external_id, a.id AS id, change
