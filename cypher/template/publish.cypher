// Makes a draft template live.
// mode: write
// params: id, by
MATCH (t:RoleTemplate {id: $id})
SET t.status = 'LIVE', t.publishedAt = datetime(), t.publishedBy = $by, t.updatedAt = datetime(), t.updatedBy = $by
