// Names groups after their account and interest.
// mode: write
// params: by, limit
// returns: what
MATCH (i:SolutionInterest)<-[:FOR_INTEREST]-(g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
WHERE g.name <> i.name + ' for ' + a.name
WITH i, g, a ORDER BY g.id LIMIT $limit
SET g._l = true REMOVE g._l
WITH g, g.name AS former, i.name + ' for ' + a.name AS name
SET g.name = name, g.nameKey = toLower(trim(name)), g.updatedAt = datetime(), g.updatedBy = $by
RETURN former + ' is called ' + name AS what
