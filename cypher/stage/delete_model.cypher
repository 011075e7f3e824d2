// Deletes a stage model, which nothing uses, with its stages.
// mode: write
// params: id
MATCH (m:StageModel {id: $id})
OPTIONAL MATCH (m)-[:HAS_STAGE]->(s:Stage)
DETACH DELETE m, s
