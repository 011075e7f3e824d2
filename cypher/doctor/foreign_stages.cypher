// Groups that stand elsewhere than in one stage of the model that their interest tracks
// mode: read
// returns: what
MATCH (g:BuyingGroup)-[:AT_STAGE]->(s:Stage)
WHERE COUNT { (g)-[:AT_STAGE]->(:Stage) } > 1
  OR NOT EXISTS { (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(s) }
RETURN g.name + ' stands in ' + s.name + ', not in one stage of the model of its interest (' + g.id + ')' AS what
