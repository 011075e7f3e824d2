// Gives a webhook back, so that another instance may go on at once.
// mode: write
// params: id, lease
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
WITH w WHERE w._lease = $lease
REMOVE w._lease, w._leasedUntil
