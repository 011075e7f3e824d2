// Groups whose stage is not that of the last move in their history
// mode: read
// returns: what
MATCH (g:BuyingGroup)
WITH g, COLLECT { MATCH (g)-[:AT_STAGE]->(s:Stage) RETURN s.id } AS stands,
  COLLECT { MATCH (g)<-[:IN]-(c:StageChange)-[:MOVED_TO]->(s:Stage) RETURN s.id ORDER BY c.at DESC, c.id DESC LIMIT 1 } AS moved
WHERE stands <> moved
RETURN g.name + ': its history does not end with the stage where it stands (' + g.id + ')' AS what
