// The stored filter of an audience; null for a static one.
// mode: read
// params: id
// returns: rule
MATCH (u:AccountAudience {id: $id})
RETURN u.rule AS rule
