// Takes the lock of all personas, so that none comes, changes or goes meanwhile.
// mode: write
MERGE (lock:_Lock {name: 'personas'})
SET lock._l = true REMOVE lock._l
