// Moves a group to a stage of the model that its interest tracks. Takes the group's lock, looks up where the group may go
// from where it stands (without a stage: the entries), writes the move, its place in the history and its event.
// `outcome` is MOVED, UNCHANGED, or the rule that refuses; the names are for the refusal's words.
// mode: write
// params: group_id, stage_id, by, credential, request_id, journey
// returns: outcome, stage, former, model, allowed
MATCH (g:BuyingGroup {id: $group_id})
SET g._l = true REMOVE g._l
WITH g
OPTIONAL MATCH (s:Stage {id: $stage_id})
OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:TRACKS]->(m:StageModel)
OPTIONAL MATCH (g)-[at:AT_STAGE]->(former:Stage)
WITH g, s, m, at, former, CASE WHEN former IS NULL
  THEN COLLECT { MATCH (m)-[has:HAS_STAGE]->(n:Stage {isEntry: true}) RETURN n ORDER BY has.position }
  ELSE COLLECT { MATCH (former)-[:MAY_MOVE_TO]->(n:Stage)<-[has:HAS_STAGE]-(m) RETURN n ORDER BY has.position } END AS allowed
WITH *, datetime.realtime() AS now, CASE
  WHEN s IS NULL THEN 'NOT_FOUND'
  WHEN m IS NULL OR NOT EXISTS { (m)-[:HAS_STAGE]->(s) } THEN 'INVALID'
  WHEN s = former THEN 'UNCHANGED'
  WHEN NOT s IN allowed THEN 'TRANSITION_NOT_ALLOWED'
  ELSE 'MOVED' END AS outcome
FOREACH (_ IN CASE WHEN outcome = 'MOVED' THEN [1] ELSE [] END |
  DELETE at
  CREATE (g)-[:AT_STAGE {since: now}]->(s)
  CREATE (c:StageChange {id: randomUUID(), at: now, actor: $by, credential: $credential, requestId: $request_id,
    journey: $journey})-[:IN]->(g)
  CREATE (c)-[:MOVED_TO]->(s)
  FOREACH (left IN CASE WHEN former IS NULL THEN [] ELSE [former] END | CREATE (c)-[:MOVED_FROM]->(left))
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'STAGE_CHANGED', at: now, actor: $by, credential: $credential,
    requestId: $request_id, journey: $journey, previous: former.name, current: s.name})-[:IN]->(g)
  SET g.stageId = s.id, g.updatedAt = now, g.updatedBy = $by
)
RETURN outcome, s.name AS stage, former.name AS former, m.name AS model, [n IN allowed | n.name] AS allowed
