// The next groups of an interest, by id.
// mode: read
// params: interest_id, after, limit
// returns: id
MATCH (g:BuyingGroup)
WHERE g.interestId = $interest_id AND g.id > $after
RETURN g.id AS id ORDER BY id LIMIT $limit
