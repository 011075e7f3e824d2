// Queues the creation of an interest's groups for an audience, and links the audience to the interest.
// mode: write
// params: interest_id, audience_id, by
// returns: id
MATCH (i:SolutionInterest {id: $interest_id})
MATCH (u:AccountAudience {id: $audience_id})
SET i._l = true, u._l = true REMOVE i._l, u._l
WITH i, u WHERE i.id IS NOT NULL AND u.id IS NOT NULL  // else one was deleted while this waited
MERGE (i)-[:TARGETS]->(u)
CREATE (j:Job {id: randomUUID(), kind: 'CREATE', status: 'QUEUED', createdAt: datetime(), createdBy: $by,
  accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
CREATE (j)-[:FOR_INTEREST]->(i)
CREATE (j)-[:FOR_AUDIENCE]->(u)
RETURN j.id AS id
