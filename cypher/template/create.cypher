// Makes a draft template without cards.
// mode: write
// params: name, description, by
// returns: id
CREATE (t:RoleTemplate {id: randomUUID(), name: $name, nameKey: toLower(trim($name)), description: $description,
  status: 'DRAFT', version: 1, createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
RETURN t.id AS id
