// The account that a credential is to be bound to, by its id or its external id.
// mode: read
// params: account
// returns: id, name
MATCH (a:Account)
WHERE a.id = $account OR a.externalId = $account
RETURN a.id AS id, a.name AS name
ORDER BY a.id = $account DESC
LIMIT 1
