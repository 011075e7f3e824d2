// The floor of an import: products.
// mode: write
// params: rows, by
UNWIND $rows AS row
MERGE (p:Product {externalId: row.Id})
ON CREATE SET p.id = randomUUID()
SET p.name = row.Name, p.nameKey = toLower(trim(row.Name)), p.productLine = row.Family
