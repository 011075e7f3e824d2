// Which of the accounts exist.
// mode: read
// params: ids
// returns: id
UNWIND $ids AS id
MATCH (a:Account {id: id})
RETURN a.id AS id
