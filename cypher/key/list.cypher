// Every API key, the newest first, with the account that it is bound to. `root_id` is there for an account that is gone, too.
// mode: read
// returns: id, name, permissions, root_id, account, created_at, expires_at, revoked_at, last_used_at
MATCH (k:_Key)
RETURN k.id AS id, k.name AS name, k.permissions AS permissions, k.rootId AS root_id,
  head(COLLECT { MATCH (a:Account {id: k.rootId}) RETURN a.name }) AS account, k.createdAt.epochMillis AS created_at,
  k.expiresAt.epochMillis AS expires_at, k.revokedAt.epochMillis AS revoked_at, k.lastUsedAt.epochMillis AS last_used_at
ORDER BY k.createdAt DESC, k.id
