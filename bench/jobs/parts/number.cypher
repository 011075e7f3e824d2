// Numbers the events in `told`.
MERGE (s:_Lock {name: 'events'})
SET s._l = true REMOVE s._l
WITH s, told, coalesce(s.value, 0) AS last
SET s.value = last + size(told)
FOREACH (k IN range(0, size(told) - 1) | FOREACH (e IN [told[k]] | SET e.seq = last + k + 1))
