// The floor of an import: what accounts own.
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (a:Account {externalId: row.AccountId})
MATCH (p:Product {externalId: row.Product2Id})
MERGE (a)-[o:OWNS]->(p)
SET o.revenue = toFloat(row.Price)
