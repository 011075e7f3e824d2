// Keeps the result of what a key was used for, in the transaction that did it.
// mode: write
// params: id, result
MATCH (k:_IdempotencyKey {id: $id})
SET k.result = $result
