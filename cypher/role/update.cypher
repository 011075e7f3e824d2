// Renames or describes a custom role. Members and former members show the new name.
// mode: write
// params: id, name, description, by
// returns: id, isDefault
MATCH (r:Role {id: $id})
SET r._l = true REMOVE r._l
WITH r, NOT r.isDefault AND (r.name <> $name OR coalesce(r.description, '') <> coalesce($description, '')) AS changed
CALL (r, changed) {
  WITH r WHERE changed
  SET r.name = $name, r.nameKey = toLower(trim($name)), r.description = $description,
    r.updatedAt = datetime(), r.updatedBy = $by
  WITH r
  MATCH (:Person)-[m:MEMBER_OF {roleId: r.id}]->(:BuyingGroup)
  SET m.role = r.name
}
RETURN r.id AS id, r.isDefault AS isDefault
