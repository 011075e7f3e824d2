// Deletes a template with all its cards.
// mode: write
// params: id
MATCH (t:RoleTemplate {id: $id})
OPTIONAL MATCH (t)-[:HAS_CARD|HAD_CARD]->(c:RoleCard)
DETACH DELETE t, c
