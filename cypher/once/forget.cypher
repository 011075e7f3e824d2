// Forgets keys whose 24 hours are over.
// mode: write
// params: limit
// returns: forgotten
MATCH (k:_IdempotencyKey)
WHERE k.at < datetime() - duration('PT24H')
WITH k LIMIT $limit
DELETE k
RETURN count(*) AS forgotten
