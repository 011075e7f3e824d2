// Queues what runs daily, maintenance and after it the calculation of engagement, unless it was queued on that day or later
// already.
// mode: write
// params: day, by
// returns: queued
MERGE (l:_Lock {name: 'daily'})
SET l._l = true REMOVE l._l
WITH l, coalesce(l.day < $day, true) AS due, datetime.realtime() AS now
FOREACH (_ IN CASE WHEN due THEN [1] ELSE [] END |
  SET l.day = $day
  FOREACH (kind IN ['MAINTAIN', 'SCORE'] |
    CREATE (:Job {id: randomUUID(), kind: kind, status: 'QUEUED', createdBy: $by,
      createdAt: now + duration({milliseconds: CASE kind WHEN 'SCORE' THEN 1 ELSE 0 END}),
      accountsTotal: 0, accountsDone: 0, groupsCreated: 0, membersAdded: 0, membersRemoved: 0, rolesChanged: 0, overruled: 0})
  )
)
RETURN due AS queued
