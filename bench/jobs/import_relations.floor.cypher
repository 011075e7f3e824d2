// The floor of an import: people's relations to other accounts.
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (p:Person {externalId: row.ContactId})
MATCH (a:Account {externalId: row.AccountId})
MERGE (p)-[w:WORKS_FOR]->(a)
SET w.relationship = toUpper(row.Roles)
