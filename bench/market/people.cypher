// Makes people as cypher/person/upsert.cypher and relate.cypher do, with a score as a calculation leaves it.
// mode: write
// params: rows, by
UNWIND $rows AS row
CREATE (p:Person {id: row.id})
SET p += row.properties, p.nameKey = toLower(trim(row.properties.name)), p.engagementScore = row.score,
  p.createdAt = datetime({epochMillis: row.at}), p.createdBy = $by, p.updatedAt = datetime({epochMillis: row.at}), p.updatedBy = $by
WITH p, row
UNWIND row.accounts AS one
MATCH (a:Account {id: one[0]})
CREATE (p)-[:WORKS_FOR {relationship: one[1], title: one[2]}]->(a)
