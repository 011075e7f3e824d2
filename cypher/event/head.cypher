// The number of the last event, and whether there are events without one.
// mode: read
// returns: head, fresh
RETURN coalesce(head(COLLECT { MATCH (s:_Lock {name: 'events'}) RETURN s.value }), 0) AS head, EXISTS { (:_New) } AS fresh
