// Keeps when an API key was last used, to the minute.
// mode: write
// params: id
MATCH (k:_Key {id: $id})
WHERE coalesce(k.lastUsedAt < datetime() - duration('PT60S'), true)
SET k.lastUsedAt = datetime()
