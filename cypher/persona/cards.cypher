// The cards that ask for a persona, with their conditions.
// mode: read
// params: id
// returns: id, condition
MATCH (:Persona {id: $id})<-[:ASKS_FOR]-(c:RoleCard)
RETURN c.id AS id, c.condition AS condition ORDER BY id
