// Accounts with more than one parent
// mode: read
// returns: what
MATCH (a:Account)-[up:CHILD_OF]->(:Account)
WITH a, count(up) AS parents WHERE parents > 1
RETURN a.name + ' has ' + parents + ' parents (' + a.id + ')' AS what
