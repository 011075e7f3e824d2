// Takes an interest's lock and tells how it stands; `entering` counts the jobs that will give groups a stage.
// mode: write
// params: id
// returns: interest, template_id, stage_model_id, product_ids, groups, jobs, webhooks, entering
MATCH (i:SolutionInterest {id: $id})
SET i._l = true REMOVE i._l
WITH i WHERE i.id IS NOT NULL  // else it was deleted while this waited
RETURN i {.name, .description, .productLine, .updateExistingBuyingGroups, .sellingLevel} AS interest,
  head([(i)-[:USES]->(t:RoleTemplate) | t.id]) AS template_id,
  head([(i)-[:TRACKS]->(m:StageModel) | m.id]) AS stage_model_id,
  COLLECT { MATCH (i)-[:SELLS]->(p:Product) RETURN p.id ORDER BY p.id } AS product_ids,
  COUNT { (i)<-[:FOR_INTEREST]-(:BuyingGroup) } AS groups, COUNT { (i)<-[:FOR_INTEREST]-(:Job) } AS jobs,
  COUNT { (w:Webhook) WHERE w.interestId = i.id } AS webhooks,
  COUNT { (i)<-[:FOR_INTEREST]-(j:Job)-[:STARTS_AT]->(:Stage) WHERE j.status IN ['QUEUED', 'RUNNING'] } AS entering
