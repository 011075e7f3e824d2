// The floor of an import: what people did.
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (p:Person {externalId: row.ContactId})
MERGE (x:Activity {activityId: row.ActivityId})
ON CREATE SET x.type = row.ActivityType, x.occurredAt = datetime(row.ActivityDate)
MERGE (p)-[:HAD_ACTIVITY]->(x)
