// The groups by their accounts' keys.
// mode: read
// returns: account, id
MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
RETURN a.externalId AS account, g.id AS id
