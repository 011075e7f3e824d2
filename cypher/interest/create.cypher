// Makes an interest on a template whose lock the transaction holds.
// mode: write
// params: interest, template_id, product_ids, by
// returns: id
MATCH (t:RoleTemplate {id: $template_id})
CREATE (i:SolutionInterest {id: randomUUID(), createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
SET i += $interest, i.nameKey = toLower(trim($interest.name))
CREATE (i)-[:USES]->(t)
WITH i
CALL (i) {
  UNWIND $product_ids AS product_id
  MATCH (p:Product {id: product_id})
  CREATE (i)-[:SELLS]->(p)
}
RETURN i.id AS id
