// Has the server count anew what is in its indexes, and plan anew what it planned before: just after so much was written its
// estimates are those of an empty graph.
// mode: read
CALL db.prepareForReplanning(600)
