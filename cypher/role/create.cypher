// Makes a custom role, unless there are as many roles as there may be. `total` counts the roles there were.
// mode: write
// params: name, description, limit, by
// returns: id, total
MERGE (lock:_Lock {name: 'roles'})
SET lock._l = true REMOVE lock._l
WITH COUNT { (:Role) } AS total
CALL (total) {
  WITH total WHERE total < $limit
  CREATE (r:Role {id: randomUUID(), name: $name, nameKey: toLower(trim($name)), description: $description, isDefault: false,
    createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
  RETURN collect(r.id)[0] AS id
}
RETURN id, total
