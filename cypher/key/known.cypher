// What authentication looks keys up in: whether there are any, revoked ones included, and each that is not revoked.
// mode: read
// returns: exist, keys
RETURN EXISTS { (:_Key) } AS exist, COLLECT {
  MATCH (k:_Key) WHERE k.revokedAt IS NULL
  RETURN {id: k.id, name: k.name, hash: k.hash, permissions: k.permissions, root: k.rootId, expires: k.expiresAt.epochMillis}
} AS keys
