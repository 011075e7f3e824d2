// Replaces (or with `keep` adds to) people's relations to accounts. Returns those whose relations differ from before.
// mode: write
// params: rows, keep, by
// returns: external_id
UNWIND $rows AS row
MATCH (p:Person {externalId: row.externalId})
WITH p, row, COLLECT { MATCH (p)-[w:WORKS_FOR]->(a:Account) RETURN [a.externalId, w.relationship, coalesce(w.title, '')] } AS standing
WITH p, row, standing, [r IN row.accounts | [r.accountExternalId, r.relationship, coalesce(r.title, '')]] AS wanted
WHERE any(one IN wanted WHERE NOT one IN standing) OR (NOT $keep AND size(standing) <> size(wanted))
CALL (p, row) {
  MATCH (p)-[w:WORKS_FOR]->(a:Account)
  WHERE NOT $keep AND NOT a.externalId IN [r IN row.accounts | r.accountExternalId]
  DELETE w
}
CALL (p, row) {
  UNWIND row.accounts AS r
  MATCH (a:Account {externalId: r.accountExternalId})
  MERGE (p)-[w:WORKS_FOR]->(a)
  SET w.relationship = r.relationship, w.title = r.title
}
SET p.updatedAt = datetime(), p.updatedBy = $by
RETURN p.externalId AS external_id
