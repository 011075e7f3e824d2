// After an interest was renamed: its groups' names follow.
// mode: write
// params: id, by
MATCH (i:SolutionInterest {id: $id})<-[:FOR_INTEREST]-(g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
WITH i, a, g ORDER BY g.id
SET g.name = i.name + ' for ' + a.name, g.nameKey = toLower(trim(i.name + ' for ' + a.name)),
  g.updatedAt = datetime(), g.updatedBy = $by
