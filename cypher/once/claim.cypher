// Takes an idempotency key for this transaction, for 24 hours. Tells what it was first used for, and the result if it has one.
// mode: write
// params: id, fingerprint
// returns: fingerprint, result
MERGE (k:_IdempotencyKey {id: $id})
SET k._l = true REMOVE k._l
WITH k, k.at IS NULL OR k.at < datetime() - duration('PT24H') AS fresh
FOREACH (_ IN CASE WHEN fresh THEN [1] ELSE [] END |
  SET k.fingerprint = $fingerprint, k.at = datetime() REMOVE k.result
)
RETURN k.fingerprint AS fingerprint, k.result AS result
