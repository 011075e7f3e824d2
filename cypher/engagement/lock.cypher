// Takes an engagement model's lock and tells how it stands.
// mode: write
// params: id
// returns: name, status, weights
MATCH (m:EngagementModel {id: $id})
SET m._l = true REMOVE m._l
WITH m
RETURN m.name AS name, m.status AS status,
  COLLECT { MATCH (m)-[:HAS_WEIGHT]->(w:ActivityWeight) RETURN w {.activityType, .weight} AS weight ORDER BY w.position } AS weights
