// The floor of an import: accounts' parents.
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (a:Account {externalId: row.Id})
MATCH (parent:Account {externalId: row.ParentId})
MERGE (a)-[:CHILD_OF]->(parent)
