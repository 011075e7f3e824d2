// The floor of maintenance: for each person who changed, by hand for the template of setup.py, which groups want them now,
// which have them, and the difference, with events and completeness. It is told who changed. `roles` as in create.floor.cypher.
// mode: write
// params: interest, roles, by, changed, chunk
UNWIND $changed AS key
MATCH (p:Person {externalId: key})
WITH p ORDER BY p.id
WITH collect(p) AS people
UNWIND range(0, size(people) - 1, $chunk) AS first
CALL (people, first) {
  UNWIND people[first .. first + $chunk] AS p
  CALL (p) {
    MATCH (p)-[w:WORKS_FOR]->(a:Account)
    /*hits*/
    CALL (a, decides, steers, practises) {
      RETURN [a, 0, 0] AS seat
      UNION ALL
      WITH * WHERE decides
      MATCH path = (home:Account)-[:CHILD_OF]->+(a)
      RETURN [home, length(path), 1] AS seat
      UNION ALL
      WITH * WHERE practises AND NOT decides
      MATCH path = (home:Account)-[:CHILD_OF]->{1,2}(a)
      RETURN [home, length(path), 1] AS seat
      UNION ALL
      WITH * WHERE steers
      MATCH path = (home:Account)<-[:CHILD_OF]-+(a)
      RETURN [home, length(path), 2] AS seat
      UNION ALL
      WITH * WHERE practises AND NOT steers
      MATCH path = (home:Account)<-[:CHILD_OF]-{1,2}(a)
      RETURN [home, length(path), 2] AS seat
      UNION ALL
      WITH * WHERE practises
      MATCH (home:Account)-[:CHILD_OF]->(:Account)<-[:CHILD_OF]-(a)
      RETURN [home, 2, 3] AS seat
    }
    /*card*/
    MATCH (g:BuyingGroup {accountId: seat[0].id, interestId: $interest})
    WITH g, min([card, seat[1], seat[2], a.externalId, a.id]) AS best
    RETURN collect([g, best]) AS wanted
  }
  CALL (p, wanted) {
    UNWIND wanted AS one
    WITH p, one[0] AS g, one[1] AS best, $roles[one[1][0]] AS role
    OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
    WITH p, g, best, role, m
    WHERE (m IS NULL AND NOT EXISTS { (p)-[:REMOVED_FROM]->(g) })
      OR (m.source = 'SYSTEM' AND [m.roleId, m.accountId, m.distance] <> [role[0], best[4], best[1]])
    RETURN g, m, role, best
    UNION ALL
    MATCH (p)-[m:MEMBER_OF {source: 'SYSTEM'}]->(g:BuyingGroup {interestId: $interest})
    WHERE NOT g IN [one IN wanted | one[0]]
    RETURN g, m, null AS role, null AS best
  }
  SET g._l = true REMOVE g._l
  WITH p, g, m, role, best, m.role AS former, m.roleId AS former_id,
    CASE WHEN m.roleId = role[0] THEN m.eventId ELSE randomUUID() END AS event
  FOREACH (_ IN CASE WHEN role IS NULL THEN [1] ELSE [] END | DELETE m)
  FOREACH (_ IN CASE WHEN role IS NULL THEN [] ELSE [1] END |
    MERGE (p)-[n:MEMBER_OF]->(g)
    SET n += {roleId: role[0], role: role[1], source: 'SYSTEM', assignedBy: $by, accountId: best[4], distance: best[1], eventId: event,
      assignedAt: CASE WHEN former_id = role[0] THEN n.assignedAt ELSE datetime() END}
  )
  WITH p, g, role, former, former_id, event WHERE role IS NULL OR former_id IS NULL OR former_id <> role[0]
  CREATE (e:MembershipEvent:BuyingGroupEvent {id: event, at: datetime(), source: 'SYSTEM', actor: $by, outcome: 'APPLIED',
    action: CASE WHEN role IS NULL THEN 'REMOVE' WHEN former IS NULL THEN 'ASSIGN' ELSE 'CHANGE_ROLE' END,
    roleId: coalesce(role[0], former_id), role: coalesce(role[1], former), previous: former, current: role[1],
    type: CASE WHEN role IS NULL THEN 'MEMBER_REMOVED' ELSE 'MEMBER_ASSIGNED' END})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  WITH collect(e) AS joined, collect(DISTINCT g) AS touched
  CALL (touched) {
    UNWIND touched AS g
    MATCH (g)<-[m:MEMBER_OF]-(:Person)
    WITH g, [count(CASE m.roleId WHEN $roles[0][0] THEN 1 END), count(CASE m.roleId WHEN $roles[1][0] THEN 1 END),
      count(CASE m.roleId WHEN $roles[2][0] THEN 1 END), count(CASE m.roleId WHEN $roles[3][0] THEN 1 END)] AS assigned
    RETURN collect([g, assigned]) AS counts
  }
  CALL (touched, counts) {
    UNWIND touched AS g
    WITH g, coalesce(head([one IN counts WHERE one[0] = g | one[1]]), [0, 0, 0, 0]) AS assigned, g.completeness AS former
    WITH g, former, reduce(sum = 0.0, i IN range(0, 3) |
      sum + CASE WHEN assigned[i] < $roles[i][2] THEN 100.0 * assigned[i] / $roles[i][2] ELSE 100.0 END) / 4 AS completeness
    WHERE former <> completeness
    SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = $by
    CREATE (e:BuyingGroupEvent {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime(), actor: $by,
      previous: toString(former), current: toString(completeness)})-[:IN]->(g)
    RETURN collect(e) AS counted
  }
  WITH joined + counted AS told
  /*number*/
} IN TRANSACTIONS OF 1 ROW
