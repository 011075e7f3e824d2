// Writes what a draft says: its name, and its weights in order.
// mode: write
// params: id, name, weights, by
MATCH (m:EngagementModel {id: $id})
SET m.name = $name, m.nameKey = toLower(trim($name)), m.updatedAt = datetime(), m.updatedBy = $by
WITH m
CALL (m) {
  MATCH (m)-[:HAS_WEIGHT]->(former:ActivityWeight)
  DETACH DELETE former
}
UNWIND range(0, size($weights) - 1) AS place
CREATE (m)-[:HAS_WEIGHT]->(:ActivityWeight {activityType: $weights[place].activityType, weight: $weights[place].weight,
  position: place + 1})
