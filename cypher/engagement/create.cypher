// Makes a draft of an engagement model without weights.
// mode: write
// params: by
// returns: id
CREATE (m:EngagementModel {id: randomUUID(), status: 'DRAFT', createdAt: datetime(), createdBy: $by})
RETURN m.id AS id
