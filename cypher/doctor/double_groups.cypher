// More than one group for an account and an interest
// mode: read
// returns: what
MATCH (i:SolutionInterest)<-[:FOR_INTEREST]-(g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
WITH i, a, count(g) AS groups WHERE groups > 1
RETURN a.name + ' has ' + groups + ' groups for ' + i.name + ' (' + a.id + ', ' + i.id + ')' AS what
