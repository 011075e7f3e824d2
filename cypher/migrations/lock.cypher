// Takes the migrations' lock until the transaction ends, then lists the versions that are in.
// mode: write
// returns: version
MERGE (lock:_Migration {version: 0})
SET lock._l = true REMOVE lock._l
WITH lock
MATCH (m:_Migration) WHERE m.version > 0
RETURN m.version AS version ORDER BY version
