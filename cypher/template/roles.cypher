// Takes the locks of roles, so that none is deleted meanwhile, and tells which exist.
// mode: write
// params: ids
// returns: id
UNWIND $ids AS id
MATCH (r:Role {id: id})
SET r._l = true REMOVE r._l
RETURN r.id AS id
