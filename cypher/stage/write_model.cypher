// Writes what a draft says: its name, and its stages in order, each with the ids of those that may follow it. Stages that the
// draft has stay the same nodes.
// mode: write
// params: id, name, description, stages, by
MATCH (m:StageModel {id: $id})
SET m.name = $name, m.nameKey = toLower(trim($name)), m.description = $description, m.updatedAt = datetime(), m.updatedBy = $by
WITH m
CALL (m) {
  UNWIND range(0, size($stages) - 1) AS place
  WITH m, place, $stages[place] AS stage
  MERGE (s:Stage {id: stage.id})
  SET s.name = stage.name, s.description = stage.description, s.isEntry = stage.isEntry, s.outcome = stage.outcome
  MERGE (m)-[has:HAS_STAGE]->(s)
  SET has.position = place + 1
}
CALL () {
  UNWIND $stages AS stage
  MATCH (s:Stage {id: stage.id})-[may:MAY_MOVE_TO]->(next:Stage)
  WHERE NOT next.id IN stage.allowedNext
  DELETE may
}
CALL () {
  UNWIND $stages AS stage
  MATCH (s:Stage {id: stage.id})
  UNWIND stage.allowedNext AS next_id
  MATCH (next:Stage {id: next_id})
  MERGE (s)-[:MAY_MOVE_TO]->(next)
}
