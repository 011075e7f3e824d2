// Records what people did as cypher/activity/record.cypher does. An activity is [its id, type, milliseconds since 1970].
// mode: write
// params: rows
UNWIND $rows AS row
MATCH (p:Person {id: row.person})
UNWIND row.done AS one
CREATE (p)-[:HAD_ACTIVITY]->(:Activity {activityId: one[0], type: one[1], occurredAt: datetime({epochMillis: one[2]})})
