// All accounts, in order.
// mode: read
// returns: ids
MATCH (a:Account)
WITH a ORDER BY a.externalId
RETURN collect(a.id) AS ids
