// Changes a persona.
// mode: write
// params: id, persona, by
MATCH (x:Persona {id: $id})
SET x += $persona, x.nameKey = toLower(trim($persona.name)), x.updatedAt = datetime(), x.updatedBy = $by
