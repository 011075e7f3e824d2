// Makes the engagement model that was LIVE last, or was made so last, the LIVE one, and archives the others that are.
// mode: write
// params: by, limit
// returns: what
MATCH (m:EngagementModel) WHERE m.status IN ['LIVE', 'ARCHIVED']
WITH m ORDER BY m.status = 'LIVE' DESC, m.updatedAt DESC, m.id LIMIT $limit
WITH collect(m) AS models
WITH models, models[0] AS live, [m IN models[1..] WHERE m.status = 'LIVE'] AS former
WHERE live.status <> 'LIVE' OR size(former) > 0
FOREACH (m IN former | SET m.status = 'ARCHIVED', m.updatedAt = datetime(), m.updatedBy = $by)
SET live.status = 'LIVE', live.updatedAt = datetime(), live.updatedBy = $by
RETURN 'The engagement model ' + live.name + ' is the LIVE one' AS what
