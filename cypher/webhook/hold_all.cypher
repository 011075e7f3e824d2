// Takes the lock of all webhooks, so that none comes meanwhile, and counts them.
// mode: write
// returns: count
MERGE (lock:_Lock {name: 'webhooks'})
SET lock._l = true REMOVE lock._l
RETURN COUNT { (:Webhook) } AS count
