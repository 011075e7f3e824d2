// The roles' ids by their names.
// mode: read
// returns: name, id
MATCH (r:Role)
RETURN r.name AS name, r.id AS id
