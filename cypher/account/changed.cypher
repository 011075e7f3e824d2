// Whether any account was made, changed, moved, or got other products since a moment, in milliseconds since 1970.
// mode: read
// params: since
// returns: changed
RETURN EXISTS { MATCH (a:Account) WHERE a.updatedAt >= datetime({epochMillis: $since}) AND a.id IS NOT NULL } AS changed
