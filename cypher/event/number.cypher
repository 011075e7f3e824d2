// Numbers events that were committed since the last time, one transaction at a time and in the order in which they happened.
// Numbers given at the commit, not before it, let a reader who has seen number n be sure of everything below n.
// mode: write
// params: limit
// returns: head, numbered
MERGE (s:_Lock {name: 'events'})
SET s._l = true REMOVE s._l
WITH s, coalesce(s.value, 0) AS last, COLLECT { MATCH (e:_New) WITH e ORDER BY e.at, e.id LIMIT $limit RETURN e } AS fresh
SET s.value = last + size(fresh)
FOREACH (i IN range(0, size(fresh) - 1) | FOREACH (e IN [fresh[i]] | SET e.seq = last + i + 1 REMOVE e:_New))
RETURN s.value AS head, size(fresh) AS numbered
