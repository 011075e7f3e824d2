// Creates or changes people, in the order given, which is that of their external ids. `properties` holds what is given
// alone: null clears. `change` is CREATED, UPDATED or null.
// mode: write
// params: rows, by
// returns: external_id, id, change
UNWIND $rows AS row
MERGE (p:Person {externalId: row.externalId})
ON CREATE SET p._new = true, p.id = randomUUID(), p.emailInvalid = false, p.emailSuspended = false,
  p.createdAt = datetime(), p.createdBy = $by
WITH row, p, CASE
  WHEN p._new THEN 'CREATED'
  WHEN any(k IN keys(row.properties) WHERE NOT coalesce(p[k] = row.properties[k], p[k] IS NULL AND row.properties[k] IS NULL))
    THEN 'UPDATED'
  END AS change
REMOVE p._new
FOREACH (_ IN CASE WHEN change IS NULL THEN [] ELSE [1] END |
  SET p += row.properties, p.updatedAt = datetime(), p.updatedBy = $by, p._touchedAt = timestamp()
  SET p.name = CASE WHEN p.firstName IS NULL AND p.lastName IS NULL THEN coalesce(p.email, p.externalId)
    ELSE trim(coalesce(p.firstName, '') + ' ' + coalesce(p.lastName, '')) END
  SET p.nameKey = toLower(trim(p.name))
)
RETURN row.externalId AS external_id, p.id AS id, change
