// Moves a webhook back before the first event that happened after a time, so that it gets that and all that followed again.
// Never forward: nothing is left out.
// mode: write
// params: id, after, by
// returns: moved
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
WITH w, head(COLLECT {
  MATCH (e:BuyingGroupEvent) WHERE e.seq > 0 AND e.at > $after
  WITH e.seq AS seq ORDER BY seq LIMIT 1
  RETURN seq - 1
}) AS cursor
WITH w, cursor, coalesce(cursor < w.cursor OR size(w.acknowledged) > 0, false) AS moved
FOREACH (_ IN CASE WHEN moved THEN [1] ELSE [] END |
  SET w.acknowledged = [seq IN w.acknowledged WHERE seq <= coalesce(cursor, seq)],
    w.cursor = CASE WHEN cursor < w.cursor THEN cursor ELSE w.cursor END,
    w.failingSince = null, w.failingSeq = null, w.revision = w.revision + 1, w.updatedAt = datetime(), w.updatedBy = $by)
RETURN moved
