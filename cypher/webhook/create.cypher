// Makes a webhook that begins behind the last event that has a number: the transaction has numbered those that were there.
// mode: write
// params: id, webhook, secret, by
MERGE (s:_Lock {name: 'events'})
SET s._l = true REMOVE s._l
CREATE (w:Webhook {id: $id, status: 'ENABLED', secret: $secret, cursor: coalesce(s.value, 0), acknowledged: [], revision: 1,
  tried: 0, createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
SET w += $webhook
