// Makes a webhook that begins with what happens from now on: behind the events that are there, numbered or not.
// mode: write
// params: id, webhook, secret, by
MERGE (s:_Lock {name: 'events'})
SET s._l = true REMOVE s._l
CREATE (w:Webhook {id: $id, status: 'ENABLED', secret: $secret, cursor: coalesce(s.value, 0) + COUNT { (:_New) },
  acknowledged: [], revision: 1, tried: 0, createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
SET w += $webhook
