// Changes an audience whose lock the transaction holds; what it lists is replaced next.
// mode: write
// params: id, audience, by
MATCH (u:AccountAudience {id: $id})
SET u += $audience, u.nameKey = toLower(trim($audience.name)), u.updatedAt = datetime(), u.updatedBy = $by
