// Makes accounts as cypher/account/upsert.cypher does, with what they own. Moments are milliseconds since 1970.
// mode: write
// params: rows, by
UNWIND $rows AS row
CREATE (a:Account {id: row.id})
SET a += row.properties, a.nameKey = toLower(trim(row.properties.name)), a.createdAt = datetime({epochMillis: row.at}), a.createdBy = $by,
  a.updatedAt = datetime({epochMillis: row.at}), a.updatedBy = $by
WITH a, row
UNWIND row.owned AS one
MATCH (p:Product {externalId: one[0]})
CREATE (a)-[:OWNS {revenue: one[1], since: date('2026-01-01') - duration({days: one[2]})}]->(p)
