// Groups in one stage or none that say another one
// mode: read
// returns: what
MATCH (g:BuyingGroup)
WHERE COUNT { (g)-[:AT_STAGE]->(:Stage) } < 2
OPTIONAL MATCH (g)-[:AT_STAGE]->(s:Stage)
WITH g, s WHERE coalesce(g.stageId, '') <> coalesce(s.id, '')
RETURN g.name + ' says another stage than ' + coalesce(s.name, 'none') + ', where it stands (' + g.id + ')' AS what
