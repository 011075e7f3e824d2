// Keeps how far a webhook has got and what was tried, renews the lease, and switches it off if there is a reason. No row when
// the webhook is not this instance's any more, was changed, or was switched off: then nothing is kept.
// mode: write
// params: id, lease, revision, seconds, cursor, acknowledged, failing_since, failing_seq, tries, keep, reason
// returns: id
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
WITH w WHERE w.status = 'ENABLED' AND w._lease = $lease AND w.revision = $revision
SET w.cursor = $cursor, w.acknowledged = $acknowledged, w.failingSeq = $failing_seq,
  w.failingSince = CASE WHEN $failing_since IS NOT NULL THEN datetime({epochMillis: $failing_since}) END,
  w._leasedUntil = datetime() + duration({seconds: $seconds})
FOREACH (reason IN CASE WHEN $reason IS NULL THEN [] ELSE [$reason] END |
  SET w.status = 'DISABLED', w.disabledReason = reason, w.updatedAt = datetime(), w.updatedBy = 'system'
)
FOREACH (i IN range(0, size($tries) - 1) | FOREACH (one IN [$tries[i]] |
  CREATE (w)-[:TRIED]->(d:WebhookDelivery {id: randomUUID(), number: w.tried + i + 1, at: datetime({epochMillis: one.at}),
    messageId: one.message_id, eventId: one.event_id, eventType: one.event_type, attempt: one.attempt, status: one.status,
    milliseconds: one.milliseconds, error: one.error})
))
SET w.tried = w.tried + size($tries)
WITH w, CASE WHEN size($tries) > 0 THEN COLLECT {
  MATCH (w)-[:TRIED]->(d:WebhookDelivery) WHERE d.number <= w.tried - $keep RETURN d
} ELSE [] END AS old
FOREACH (d IN old | DETACH DELETE d)
RETURN w.id AS id
