// The versions that are in.
// mode: read
// returns: version
MATCH (m:_Migration) WHERE m.version > 0
RETURN m.version AS version ORDER BY version
