// Makes an interest track another stage model, or with null none. Stages of the former model are forgotten as those that new
// groups are given.
// mode: write
// params: id, stage_model_id
MATCH (i:SolutionInterest {id: $id})
CALL (i) {
  MATCH (i)-[tracks:TRACKS]->(:StageModel)
  DELETE tracks
}
CALL (i) {
  MATCH (i)-[targets:TARGETS]->(:AccountAudience)
  REMOVE targets.entryStageId
}
MATCH (m:StageModel {id: $stage_model_id})
CREATE (i)-[:TRACKS]->(m)
