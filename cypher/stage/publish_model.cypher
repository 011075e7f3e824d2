// Makes a draft stage model live.
// mode: write
// params: id, by
MATCH (m:StageModel {id: $id})
SET m.status = 'LIVE', m.publishedAt = datetime(), m.publishedBy = $by, m.updatedAt = datetime(), m.updatedBy = $by
