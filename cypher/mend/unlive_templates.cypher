// Publishes drafts with cards that an interest uses as its one template: nothing else can be used.
// mode: write
// params: by, limit
// returns: what
MATCH (i:SolutionInterest)-[:USES]->(t:RoleTemplate)
WHERE t.status = 'DRAFT' AND COUNT { (i)-[:USES]->(:RoleTemplate) } = 1 AND EXISTS { (t)-[:HAS_CARD]->(:RoleCard) }
WITH DISTINCT t ORDER BY t.id LIMIT $limit
SET t.status = 'LIVE', t.updatedAt = datetime(), t.updatedBy = $by
RETURN 'The role template ' + t.name + ' is LIVE' AS what
