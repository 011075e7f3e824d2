// Whether the store can be read. A database that is broken beyond that still answers what needs no store.
// mode: read
// returns: lives
RETURN EXISTS { (:_Migration {version: 0}) } AS lives
