// What waits: jobs by kind and status, events without a number, and of each webhook that is on how many events it has to look at,
// and for how many seconds the oldest of them has waited.
// mode: read
// returns: jobs, fresh, webhooks
WITH coalesce(head(COLLECT { MATCH (s:_Lock {name: 'events'}) RETURN s.value }), 0) AS last
RETURN COLLECT { MATCH (j:Job) WITH j.kind AS kind, j.status AS status, count(*) AS jobs RETURN [kind, status, jobs] } AS jobs,
  COUNT { (:_New) } AS fresh,
  COLLECT {
    MATCH (w:Webhook {status: 'ENABLED'})
    WITH w, last, head(COLLECT { MATCH (e:BuyingGroupEvent) WHERE e.seq > w.cursor RETURN e.at ORDER BY e.seq LIMIT 1 }) AS oldest
    RETURN [w.id, CASE WHEN last > w.cursor THEN last - w.cursor ELSE 0 END,
      CASE WHEN oldest IS NULL THEN 0 ELSE duration.inSeconds(oldest, datetime.realtime()).seconds END]
  } AS webhooks
