// Makes the groups of an interest that accounts lack; returns the new ones alone. They enter at the stage, if one is given
// and the interest still tracks its model: the interest's lock keeps it from leaving the model meanwhile.
// mode: write
// params: interest_id, account_ids, version, entry_stage_id, by
// returns: id
MATCH (i:SolutionInterest {id: $interest_id})
FOREACH (_ IN CASE WHEN $entry_stage_id IS NULL THEN [] ELSE [1] END | SET i._l = true REMOVE i._l)
WITH i
OPTIONAL MATCH (i)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(s:Stage {id: $entry_stage_id})
WITH i, s
UNWIND $account_ids AS account_id
MATCH (a:Account {id: account_id})
MERGE (g:BuyingGroup {accountId: a.id, interestId: i.id})
ON CREATE SET g._new = true, g.id = randomUUID(), g.name = i.name + ' for ' + a.name,
  g.nameKey = toLower(trim(i.name + ' for ' + a.name)), g.templateVersion = $version, g.inAudience = true,
  g.createdAt = datetime(), g.createdBy = $by, g.updatedAt = datetime(), g.updatedBy = $by
WITH i, s, a, g WHERE g._new
REMOVE g._new
CREATE (g)-[:FOR_ACCOUNT]->(a)
CREATE (g)-[:FOR_INTEREST]->(i)
FOREACH (entry IN CASE WHEN s IS NULL THEN [] ELSE [s] END |
  CREATE (g)-[:AT_STAGE {since: g.createdAt}]->(entry)
  CREATE (c:StageChange {id: randomUUID(), at: g.createdAt, actor: $by})-[:IN]->(g)
  CREATE (c)-[:MOVED_TO]->(entry)
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'STAGE_CHANGED', at: datetime.realtime(), actor: $by,
    current: entry.name})-[:IN]->(g)
)
RETURN g.id AS id
