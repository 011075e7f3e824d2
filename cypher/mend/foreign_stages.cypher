// Where a group stands in several stages, or in a foreign one, leaves it in the stage of the last move in its history, if it stands
// there, too, and the model of its interest has it.
// mode: write
// params: by, limit
// returns: what
MATCH (g:BuyingGroup)-[:AT_STAGE]->(s:Stage)
WHERE COUNT { (g)-[:AT_STAGE]->(:Stage) } > 1
  OR NOT EXISTS { (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(s) }
WITH DISTINCT g ORDER BY g.id
SET g._l = true REMOVE g._l
WITH g, head(COLLECT {
  MATCH (g)<-[:IN]-(c:StageChange)-[:MOVED_TO]->(s:Stage) RETURN s ORDER BY c.at DESC, c.id DESC LIMIT 1
}) AS last
MATCH (g)-[right:AT_STAGE]->(last)
WHERE EXISTS { (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(last) }
WITH g, last, collect(right) AS right LIMIT $limit
MATCH (g)-[stands:AT_STAGE]->(:Stage)
WITH g, last, right, [one IN collect(stands) WHERE one <> right[0]] AS wrong WHERE size(wrong) > 0
FOREACH (one IN wrong | DELETE one)
SET g.stageId = last.id, g.updatedAt = datetime(), g.updatedBy = $by
RETURN g.name + ' stands in ' + last.name + ' alone, where its history ends' AS what
