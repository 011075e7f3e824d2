// Groups whose name does not follow their account and interest
// mode: read
// returns: what
MATCH (i:SolutionInterest)<-[:FOR_INTEREST]-(g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
WHERE g.name <> i.name + ' for ' + a.name
RETURN g.name + ' should be ' + i.name + ' for ' + a.name + ' (' + g.id + ')' AS what
