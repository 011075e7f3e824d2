// Ends a batch: where the job goes on, and what it has done.
// mode: write
// params: id, cursor, total, done, created, added, removed, moved, overruled
MATCH (j:Job {id: $id})
SET j.cursor = $cursor, j.accountsTotal = j.accountsTotal + $total, j.accountsDone = j.accountsDone + $done,
  j.groupsCreated = j.groupsCreated + $created, j.membersAdded = j.membersAdded + $added,
  j.membersRemoved = j.membersRemoved + $removed, j.rolesChanged = j.rolesChanged + $moved, j.overruled = j.overruled + $overruled
