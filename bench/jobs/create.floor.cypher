// The floor of a creation: makes the groups that all accounts lack and fills them, by hand for the template of setup.py and for
// no other. Each person near a chunk of groups is looked at once. It leaves what a job leaves: groups with their completeness,
// members, and an event for each, numbered. `roles` holds [role id, role, members required] per card.
// mode: write
// params: interest, roles, by, chunk
MATCH (i:SolutionInterest {id: $interest})-[:USES]->(t:RoleTemplate)
MATCH (home:Account)
WITH i, t, home ORDER BY home.id
WITH i, t, collect(home) AS homes
UNWIND range(0, size(homes) - 1, $chunk) AS first
CALL (i, t, homes, first) {
  UNWIND homes[first .. first + $chunk] AS home
  CREATE (g:BuyingGroup {id: randomUUID(), accountId: home.id, interestId: i.id, name: i.name + ' for ' + home.name,
    nameKey: toLower(trim(i.name + ' for ' + home.name)), templateVersion: t.version, inAudience: true, completeness: 0.0,
    createdAt: datetime(), createdBy: $by, updatedAt: datetime(), updatedBy: $by})
  CREATE (g)-[:FOR_ACCOUNT]->(home)
  CREATE (g)-[:FOR_INTEREST]->(i)
  WITH collect([g, home]) AS made
  CALL (made) {
    /*matches*/
    WITH g, p, best, $roles[best[0]] AS role, randomUUID() AS event
    CREATE (p)-[:MEMBER_OF {roleId: role[0], role: role[1], source: 'SYSTEM', assignedAt: datetime(), assignedBy: $by,
      accountId: best[4], distance: best[1], eventId: event}]->(g)
    CREATE (e:MembershipEvent:BuyingGroupEvent {id: event, at: datetime(), action: 'ASSIGN', source: 'SYSTEM', actor: $by,
      outcome: 'APPLIED', roleId: role[0], role: role[1], type: 'MEMBER_ASSIGNED', current: role[1]})
    CREATE (e)-[:ABOUT]->(p)
    CREATE (e)-[:IN]->(g)
    WITH g, collect(e) AS events, [count(CASE best[0] WHEN 0 THEN 1 END), count(CASE best[0] WHEN 1 THEN 1 END),
      count(CASE best[0] WHEN 2 THEN 1 END), count(CASE best[0] WHEN 3 THEN 1 END)] AS assigned
    SET g.completeness = reduce(sum = 0.0, i IN range(0, 3) |
      sum + CASE WHEN assigned[i] < $roles[i][2] THEN 100.0 * assigned[i] / $roles[i][2] ELSE 100.0 END) / 4
    UNWIND events AS e
    RETURN collect(e) AS joined
  }
  UNWIND made AS one
  WITH joined, one[0] AS g
  CREATE (e:BuyingGroupEvent {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime(), actor: $by,
    current: toString(g.completeness)})-[:IN]->(g)
  WITH joined, collect(e) AS counted
  WITH joined + counted AS told
  /*number*/
} IN TRANSACTIONS OF 1 ROW
