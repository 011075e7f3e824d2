// The webhooks that are on, up to which event each has got, and whether no instance works on it.
// mode: read
// returns: id, cursor, free
MATCH (w:Webhook {status: 'ENABLED'})
RETURN w.id AS id, w.cursor AS cursor, coalesce(w._leasedUntil <= datetime(), true) AS free
