// Takes the locks of what an interest is made of, and tells which of it exists and how it stands.
// mode: write
// params: template_id, product_ids
// returns: template_status, template_version, products
OPTIONAL MATCH (t:RoleTemplate {id: $template_id})
FOREACH (x IN CASE WHEN t IS NULL THEN [] ELSE [t] END | SET x._l = true REMOVE x._l)
RETURN t.status AS template_status, t.version AS template_version,
  COLLECT { UNWIND $product_ids AS id MATCH (p:Product {id: id}) RETURN p.id } AS products
