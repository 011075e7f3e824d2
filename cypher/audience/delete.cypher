// Deletes an audience that nothing uses.
// mode: write
// params: id
MATCH (u:AccountAudience {id: $id})
DETACH DELETE u
