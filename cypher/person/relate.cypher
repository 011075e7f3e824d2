// Replaces people's relations to accounts, but for those whose relationship is among `keep`. A relation's `properties`
// hold what is given alone: null clears; a new one is an EMPLOYEE unless it says otherwise. Returns the people whose
// relations differ from before, with the accounts that are new to them and those whose relation changed.
// The person is labelled in a WHERE, for one who was just made relates to nothing that a caller could see yet.
// mode: write
// params: rows, by
// returns: external_id, added, changed
// sight: narrowed
UNWIND $rows AS row
MATCH (p WHERE p:Person AND p.externalId = row.externalId)
WITH p, row, COLLECT { MATCH (p)-[w:WORKS_FOR]->(a:Account) RETURN {key: a.externalId, properties: properties(w)} } AS standing
WITH p, row,
  [s IN standing WHERE NOT s.properties.relationship IN row.keep
    AND NOT s.key IN [one IN row.accounts | one.accountExternalId] | s.key] AS lost,
  [one IN row.accounts WHERE NOT one.accountExternalId IN [s IN standing | s.key] | one.accountExternalId] AS added,
  [one IN row.accounts WHERE any(s IN standing WHERE s.key = one.accountExternalId AND any(
    k IN keys(one.properties)
    WHERE NOT coalesce(s.properties[k] = one.properties[k], s.properties[k] IS NULL AND one.properties[k] IS NULL)
  )) | one.accountExternalId] AS changed
WHERE size(lost) + size(added) + size(changed) > 0
CALL (p, lost) {
  MATCH (p)-[w:WORKS_FOR]->(a:Account) WHERE a.externalId IN lost
  DELETE w
}
CALL (p, row) {
  UNWIND row.accounts AS one
  MATCH (a:Account {externalId: one.accountExternalId})
  MERGE (p)-[w:WORKS_FOR]->(a)
  ON CREATE SET w.relationship = 'EMPLOYEE'
  SET w += one.properties
}
SET p.updatedAt = datetime(), p.updatedBy = $by, p._touchedAt = timestamp()
RETURN p.externalId AS external_id, added, changed
