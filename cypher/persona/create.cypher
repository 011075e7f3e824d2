// Makes a persona.
// mode: write
// params: persona, by
// returns: id
CREATE (x:Persona {id: randomUUID(), createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
SET x += $persona, x.nameKey = toLower(trim($persona.name))
RETURN x.id AS id
