// Groups whose account or interest is not the one they say
// mode: read
// returns: what
MATCH (g:BuyingGroup)
WHERE COUNT { (g)-[:FOR_ACCOUNT]->(:Account {id: g.accountId}) } <> 1 OR COUNT { (g)-[:FOR_ACCOUNT]->() } <> 1
  OR COUNT { (g)-[:FOR_INTEREST]->(:SolutionInterest {id: g.interestId}) } <> 1 OR COUNT { (g)-[:FOR_INTEREST]->() } <> 1
RETURN coalesce(g.name, 'A group') + ' is not tied to exactly one account and one interest (' + g.id + ')' AS what
