// Creates or changes products, in the order given, which is that of their external ids. `change` is CREATED, UPDATED or null.
// mode: write
// params: rows
// returns: external_id, id, change
UNWIND $rows AS row
MERGE (p:Product {externalId: row.externalId})
ON CREATE SET p._new = true, p.id = randomUUID()
WITH row, p, CASE
  WHEN p._new THEN 'CREATED'
  WHEN any(k IN keys(row.properties) WHERE NOT coalesce(p[k] = row.properties[k], p[k] IS NULL AND row.properties[k] IS NULL))
    THEN 'UPDATED'
  END AS change
REMOVE p._new
FOREACH (_ IN CASE WHEN change IS NULL THEN [] ELSE [1] END |
  SET p += row.properties, p.nameKey = toLower(trim(row.properties.name))
)
RETURN row.externalId AS external_id, p.id AS id, change
