// Records what people did, each activity once. `recorded` is false for an activity that is on record, null for an unknown person.
// mode: write
// params: rows
// returns: activity_id, recorded
UNWIND $rows AS row
OPTIONAL MATCH (p:Person {externalId: row.personExternalId})
CALL (row, p) {
  WITH * WHERE p IS NOT NULL
  MERGE (x:Activity {activityId: row.activityId})
  ON CREATE SET x._new = true, x.type = row.type, x.occurredAt = row.occurredAt
  WITH p, x, x._new IS NOT NULL AS recorded
  REMOVE x._new
  FOREACH (_ IN CASE WHEN recorded THEN [1] ELSE [] END | CREATE (p)-[:HAD_ACTIVITY]->(x))
  RETURN recorded
UNION
  WITH * WHERE p IS NULL
  RETURN null AS recorded
}
RETURN row.activityId AS activity_id, recorded
