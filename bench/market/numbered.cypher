// Remembers the number of the last event, from which the service goes on.
// mode: write
// params: last
MERGE (s:_Lock {name: 'events'})
SET s.value = $last
