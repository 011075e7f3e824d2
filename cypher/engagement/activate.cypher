// Makes a draft engagement model LIVE and archives the one that was.
// mode: write
// params: id, by
MATCH (m:EngagementModel)
WHERE m.id = $id OR m.status = 'LIVE'
SET m.status = CASE WHEN m.id = $id THEN 'LIVE' ELSE 'ARCHIVED' END, m.updatedAt = datetime(), m.updatedBy = $by
