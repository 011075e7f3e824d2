// Queues a calculation of engagement over the whole market; without `as_of` it is as of when it runs.
// mode: write
// params: as_of, by
// returns: id
CREATE (j:Job {id: randomUUID(), kind: 'SCORE', status: 'QUEUED', asOf: $as_of, createdAt: datetime.realtime(), createdBy: $by,
  accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
RETURN j.id AS id
