// Renames or describes a template whose lock the transaction holds.
// mode: write
// params: id, name, description, by
MATCH (t:RoleTemplate {id: $id})
SET t.name = $name, t.nameKey = toLower(trim($name)), t.description = $description,
  t.updatedAt = datetime(), t.updatedBy = $by
