// Deletes a webhook with its log. No row when there is none.
// mode: write
// params: id
// returns: id
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
WITH w, COLLECT { MATCH (w)-[:TRIED]->(d:WebhookDelivery) RETURN d } AS log
FOREACH (d IN log | DETACH DELETE d)
DETACH DELETE w
RETURN $id AS id
