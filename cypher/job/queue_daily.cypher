// Queues what runs daily, unless it was queued on that day or later already.
// mode: write
// params: day, by
// returns: queued
MERGE (l:_Lock {name: 'daily'})
SET l._l = true REMOVE l._l
WITH l, coalesce(l.day < $day, true) AS due
FOREACH (_ IN CASE WHEN due THEN [1] ELSE [] END |
  SET l.day = $day
  CREATE (:Job {id: randomUUID(), kind: 'MAINTAIN', status: 'QUEUED', createdAt: datetime.realtime(), createdBy: $by,
    accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
)
RETURN due AS queued
