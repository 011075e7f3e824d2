// Every webhook by name, with how many events are still to be looked at for it.
// mode: read
// returns: id, name, url, status, reason, failing_since, behind
MATCH (w:Webhook)
RETURN w.id AS id, w.name AS name, w.url AS url, w.status AS status, w.disabledReason AS reason,
  w.failingSince.epochMillis AS failing_since,
  CASE WHEN head(COLLECT { MATCH (s:_Lock {name: 'events'}) RETURN s.value }) > w.cursor
    THEN head(COLLECT { MATCH (s:_Lock {name: 'events'}) RETURN s.value }) - w.cursor ELSE 0 END AS behind
ORDER BY w.name, w.id
