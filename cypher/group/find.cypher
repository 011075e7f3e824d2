// The group that an account and an interest name: at the account; where the interest is sold to the top of hierarchies, the
// one nearest to the top. `account` and `interest` tell whether these exist.
// mode: read
// params: account_id, interest_id
// returns: account, interest, group_id
OPTIONAL MATCH (a:Account {id: $account_id})
OPTIONAL MATCH (i:SolutionInterest {id: $interest_id})
RETURN a IS NOT NULL AS account, i IS NOT NULL AS interest, head(COLLECT {
  MATCH path = (a)-[:CHILD_OF]->*(b:Account)<-[:FOR_ACCOUNT]-(g:BuyingGroup {interestId: i.id})
  WHERE b = a OR i.sellingLevel = 'TOP'
  RETURN g.id ORDER BY length(path) DESC LIMIT 1
}) AS group_id
