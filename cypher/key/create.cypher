// Makes an API key, of which only the hash is kept.
// mode: write
// params: id, name, hash, permissions, root, expires_at
CREATE (:_Key {id: $id, name: $name, hash: $hash, permissions: $permissions, rootId: $root, createdAt: datetime(),
  expiresAt: $expires_at})
