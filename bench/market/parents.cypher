// Puts accounts under their parents.
// mode: write
// params: rows
UNWIND $rows AS row
MATCH (a:Account {id: row.id})
MATCH (parent:Account {id: row.parent})
CREATE (a)-[:CHILD_OF]->(parent)
