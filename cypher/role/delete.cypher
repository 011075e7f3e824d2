// Deletes a custom role that nothing uses. `deleted` tells whether it did; the rest tells why not.
// mode: write
// params: id
// returns: isDefault, used, deleted
MATCH (r:Role {id: $id})
SET r._l = true REMOVE r._l
WITH r, r.isDefault AS isDefault, EXISTS { (r)<-[:FOR_ROLE]-(:RoleCard) } AS used
FOREACH (_ IN CASE WHEN isDefault OR used THEN [] ELSE [1] END | DETACH DELETE r)
RETURN isDefault, used, NOT (isDefault OR used) AS deleted
