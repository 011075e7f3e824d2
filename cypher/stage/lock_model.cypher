// Takes a stage model's lock and tells how it stands: what it says, and how many interests use it.
// mode: write
// params: id
// returns: name, description, status, interests, stages
MATCH (m:StageModel {id: $id})
SET m._l = true REMOVE m._l
WITH m WHERE m.id IS NOT NULL  // else it was deleted while this waited
RETURN m.name AS name, m.description AS description, m.status AS status,
  COUNT { (m)<-[:TRACKS]-(:SolutionInterest) } AS interests,
  COLLECT {
    MATCH (m)-[has:HAS_STAGE]->(s:Stage)
    RETURN s {.id, .name, .description, .isEntry, .outcome, allowedNext: COLLECT {
      MATCH (s)-[:MAY_MOVE_TO]->(next:Stage)<-[then:HAS_STAGE]-(m) RETURN next.id ORDER BY then.position
    }} AS stage ORDER BY has.position
  } AS stages
