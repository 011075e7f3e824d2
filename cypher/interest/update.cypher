// Changes an interest whose lock the transaction holds.
// mode: write
// params: id, interest, template_id, product_ids, by
MATCH (i:SolutionInterest {id: $id})
SET i += $interest, i.nameKey = toLower(trim($interest.name)), i.updatedAt = datetime(), i.updatedBy = $by
WITH i
MATCH (t:RoleTemplate {id: $template_id})
OPTIONAL MATCH (i)-[uses:USES]->(former:RoleTemplate) WHERE former <> t
DELETE uses
MERGE (i)-[:USES]->(t)
WITH DISTINCT i
OPTIONAL MATCH (i)-[sells:SELLS]->(sold:Product) WHERE NOT sold.id IN $product_ids
DELETE sells
WITH DISTINCT i
UNWIND $product_ids AS product_id
MATCH (p:Product {id: product_id})
MERGE (i)-[:SELLS]->(p)
