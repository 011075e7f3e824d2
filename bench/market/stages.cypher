// The stages of a model by their names, each [name, id].
// mode: read
// params: model_id
// returns: stages
MATCH (:StageModel {id: $model_id})-[:HAS_STAGE]->(s:Stage)
RETURN collect([s.name, s.id]) AS stages
