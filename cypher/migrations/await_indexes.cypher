// Returns when every index is online, or after five minutes.
// mode: read
CALL db.awaitIndexes(300)
