// The next people at an account and everywhere below it, by id.
// mode: read
// params: account_id, after, limit
// returns: id
MATCH (:Account {id: $account_id})<-[:CHILD_OF]-*(:Account)<-[:WORKS_FOR]-(p:Person)
WHERE p.id > $after
RETURN DISTINCT p.id AS id ORDER BY id LIMIT $limit
