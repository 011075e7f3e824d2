// Accounts that stand above themselves
// mode: read
// returns: what
MATCH (a:Account)
WHERE EXISTS { (a)-[:CHILD_OF]->+(a) }
RETURN a.name + ' stands above itself (' + a.id + ')' AS what
