// Queues a job whose files lie under its id where it was asked for. It works on the part of the market below `root`, if that
// is given.
// mode: write
// params: id, kind, rows, input, by, owner, root
// returns: id
CREATE (j:Job {id: $id, kind: $kind, status: 'QUEUED', createdAt: datetime(), createdBy: $by, _owner: $owner, _input: $input,
  root: $root,
  accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0,
  rowsTotal: $rows, rowsDone: 0, rowsCreated: 0, rowsUpdated: 0, rowsRejected: 0})
RETURN j.id AS id
