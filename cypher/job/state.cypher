// What a follower of a job wants to hear of: its status and how far it is.
// mode: read
// params: id
// returns: status, progress
MATCH (j:Job {id: $id})
RETURN j.status AS status, [j.accountsTotal, j.accountsDone, j.groupsCreated, j.membersAdded, j.membersRemoved, j.rolesChanged,
  j.overruled, j.rowsDone] AS progress
