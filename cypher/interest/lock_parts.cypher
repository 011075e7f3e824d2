// Takes the locks of what an interest is made of, and tells which of it exists and how it stands.
// mode: write
// params: template_id, stage_model_id, product_ids
// returns: template_status, stage_model_status, products
OPTIONAL MATCH (t:RoleTemplate {id: $template_id})
OPTIONAL MATCH (m:StageModel {id: $stage_model_id})
FOREACH (x IN CASE WHEN t IS NULL THEN [] ELSE [t] END | SET x._l = true REMOVE x._l)
FOREACH (x IN CASE WHEN m IS NULL THEN [] ELSE [m] END | SET x._l = true REMOVE x._l)
RETURN t.status AS template_status, m.status AS stage_model_status,
  COLLECT { UNWIND $product_ids AS id MATCH (p:Product {id: id}) RETURN p.id } AS products
