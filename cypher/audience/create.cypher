// Makes an audience; a static one gets its accounts next.
// mode: write
// params: audience, by
// returns: id
CREATE (u:AccountAudience {id: randomUUID(), createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
SET u += $audience, u.nameKey = toLower(trim($audience.name))
RETURN u.id AS id
