// Every persona.
// mode: read
// returns: id, name, key, description, attributes
MATCH (x:Persona)
RETURN x.id AS id, x.name AS name, x.nameKey AS key, x.description AS description, x.attributes AS attributes
ORDER BY key
