// Records what people did, each activity once, and counts: those that are new, those that were on record. `unknown` are the
// activities of people that don't exist. Times come as ISO 8601 text, which costs a tenth of a temporal value on its way.
// mode: write
// params: rows
// returns: recorded, duplicates, unknown
// sight: narrowed
UNWIND $rows AS row
OPTIONAL MATCH (p:Person {externalId: row.personExternalId})
CALL (row, p) {
  WITH * WHERE p IS NOT NULL
  MERGE (x:Activity {activityId: row.activityId})
  ON CREATE SET x._new = true, x.type = row.type, x.occurredAt = datetime(row.occurredAt)
  WITH p, x, x._new IS NOT NULL AS recorded
  REMOVE x._new
  FOREACH (_ IN CASE WHEN recorded THEN [1] ELSE [] END | CREATE (p)-[:HAD_ACTIVITY]->(x))
  RETURN recorded
UNION
  WITH * WHERE p IS NULL
  RETURN null AS recorded
}
RETURN count(CASE WHEN recorded THEN 1 END) AS recorded, count(CASE WHEN NOT recorded THEN 1 END) AS duplicates,
  collect(CASE WHEN recorded IS NULL THEN row.activityId END) AS unknown
