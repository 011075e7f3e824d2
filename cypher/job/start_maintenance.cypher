// Queues maintenance, of one interest's groups or (without one) of all.
// mode: write
// params: interest_id, by
// returns: id
OPTIONAL MATCH (i:SolutionInterest {id: $interest_id})
FOREACH (x IN CASE WHEN i IS NULL THEN [] ELSE [i] END | SET x._l = true REMOVE x._l)
WITH i WHERE i.id IS NOT NULL OR $interest_id IS NULL  // no id: it was deleted while this waited
CREATE (j:Job {id: randomUUID(), kind: 'MAINTAIN', status: 'QUEUED', createdAt: datetime(), createdBy: $by,
  accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
FOREACH (x IN CASE WHEN i IS NULL THEN [] ELSE [i] END | CREATE (j)-[:FOR_INTEREST]->(x))
RETURN j.id AS id
