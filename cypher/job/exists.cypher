// Which parts of a creation exist, and what is known of the stage that its groups are to enter at.
// mode: read
// params: interest_id, audience_id, entry_stage_id
// returns: interest, audience, stage, own, model, entries
OPTIONAL MATCH (i:SolutionInterest {id: $interest_id})
OPTIONAL MATCH (i)-[:TRACKS]->(m:StageModel)
OPTIONAL MATCH (s:Stage {id: $entry_stage_id})
RETURN i IS NOT NULL AS interest, EXISTS { (:AccountAudience {id: $audience_id}) } AS audience,
  s.name AS stage, EXISTS { (m)-[:HAS_STAGE]->(s) } AS own, m.name AS model,
  COLLECT { MATCH (m)-[has:HAS_STAGE]->(n:Stage {isEntry: true}) RETURN n.name ORDER BY has.position } AS entries
