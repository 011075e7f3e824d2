// Queues the creation of an interest's groups for an audience, and links the audience to the interest, so that daily runs
// make groups that enter at the same stage. No row unless all that is named exists, and the stage is an entry of the
// interest's model.
// mode: write
// params: interest_id, audience_id, entry_stage_id, by
// returns: id
MATCH (i:SolutionInterest {id: $interest_id})
MATCH (u:AccountAudience {id: $audience_id})
SET i._l = true, u._l = true REMOVE i._l, u._l
WITH i, u WHERE i.id IS NOT NULL AND u.id IS NOT NULL  // else one was deleted while this waited
OPTIONAL MATCH (i)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(s:Stage {id: $entry_stage_id, isEntry: true})
WITH i, u, s WHERE s IS NOT NULL OR $entry_stage_id IS NULL
MERGE (i)-[targets:TARGETS]->(u)
SET targets.entryStageId = s.id
CREATE (j:Job {id: randomUUID(), kind: 'CREATE', status: 'QUEUED', createdAt: datetime(), createdBy: $by,
  accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
CREATE (j)-[:FOR_INTEREST]->(i)
CREATE (j)-[:FOR_AUDIENCE]->(u)
FOREACH (x IN CASE WHEN s IS NULL THEN [] ELSE [s] END | CREATE (j)-[:STARTS_AT]->(x))
RETURN j.id AS id
