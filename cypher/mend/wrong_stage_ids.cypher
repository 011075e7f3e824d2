// Lets groups say the stage where they stand.
// mode: write
// params: by, limit
// returns: what
MATCH (g:BuyingGroup)
WHERE COUNT { (g)-[:AT_STAGE]->(:Stage) } < 2
OPTIONAL MATCH (g)-[:AT_STAGE]->(s:Stage)
WITH g, s WHERE coalesce(g.stageId, '') <> coalesce(s.id, '')
WITH g, s ORDER BY g.id LIMIT $limit
SET g._l = true REMOVE g._l
SET g.stageId = s.id, g.updatedAt = datetime(), g.updatedBy = $by
RETURN g.name + ' says where it stands: ' + coalesce(s.name, 'in no stage') AS what
