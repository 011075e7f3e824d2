// Revokes an API key, for good. No row when there is none.
// mode: write
// params: id
// returns: name, already
MATCH (k:_Key {id: $id})
SET k._l = true REMOVE k._l
WITH k, k.revokedAt IS NOT NULL AS already
SET k.revokedAt = coalesce(k.revokedAt, datetime())
RETURN k.name AS name, already
