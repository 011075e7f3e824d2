// Makes the groups of an interest that accounts lack; returns the new ones alone.
// mode: write
// params: interest_id, account_ids, version, by
// returns: id
MATCH (i:SolutionInterest {id: $interest_id})
UNWIND $account_ids AS account_id
MATCH (a:Account {id: account_id})
MERGE (g:BuyingGroup {accountId: a.id, interestId: i.id})
ON CREATE SET g._new = true, g.id = randomUUID(), g.name = i.name + ' for ' + a.name,
  g.nameKey = toLower(trim(i.name + ' for ' + a.name)), g.templateVersion = $version, g.inAudience = true,
  g.createdAt = datetime(), g.createdBy = $by, g.updatedAt = datetime(), g.updatedBy = $by
WITH i, a, g WHERE g._new
REMOVE g._new
CREATE (g)-[:FOR_ACCOUNT]->(a)
CREATE (g)-[:FOR_INTEREST]->(i)
RETURN g.id AS id
