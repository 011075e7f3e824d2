// Makes a draft of a stage model; what it says comes next.
// mode: write
// params: by
// returns: id
CREATE (m:StageModel {id: randomUUID(), status: 'DRAFT', createdAt: datetime(), createdBy: $by})
RETURN m.id AS id
