// Makes groups of an interest at accounts, each with its members and their completeness, where there is none. `groups` has of each
// the account and its members, [person id, card, distance, account id]; `cards` holds [role id, role name] per card, `required`
// [role id, members required] per card that counts for completeness.
// Groups enter at the stage, if one is given and the interest still tracks its model: the interest's lock keeps it from leaving the
// model meanwhile.
// mode: write
// params: interest_id, groups, cards, required, version, entry_stage_id, by
// returns: created, added
MATCH (i:SolutionInterest {id: $interest_id})
FOREACH (_ IN CASE WHEN $entry_stage_id IS NULL THEN [] ELSE [1] END | SET i._l = true REMOVE i._l)
WITH i
OPTIONAL MATCH (i)-[:TRACKS]->(:StageModel)-[:HAS_STAGE]->(s:Stage {id: $entry_stage_id})
WITH i, s
UNWIND $groups AS row
MATCH (a:Account {id: row.account_id})
MERGE (g:BuyingGroup {accountId: a.id, interestId: i.id})
ON CREATE SET g._new = true, g.id = randomUUID(), g.name = i.name + ' for ' + a.name,
  g.nameKey = toLower(trim(i.name + ' for ' + a.name)), g.templateVersion = $version, g.inAudience = true,
  g.createdAt = datetime(), g.createdBy = $by, g.updatedAt = datetime(), g.updatedBy = $by
WITH i, s, a, g, row WHERE g._new
REMOVE g._new
CREATE (g)-[:FOR_ACCOUNT]->(a)
CREATE (g)-[:FOR_INTEREST]->(i)
FOREACH (entry IN CASE WHEN s IS NULL THEN [] ELSE [s] END |
  SET g.stageId = entry.id
  CREATE (g)-[:AT_STAGE {since: g.createdAt}]->(entry)
  CREATE (c:StageChange {id: randomUUID(), at: g.createdAt, actor: $by})-[:IN]->(g)
  CREATE (c)-[:MOVED_TO]->(entry)
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'STAGE_CHANGED', at: datetime.realtime(), actor: $by,
    current: entry.name})-[:IN]->(g)
)
WITH g, row.members AS members, [m IN row.members | $cards[m[1]][0]] AS held
WITH g, members, CASE WHEN size($required) > 0 THEN reduce(sum = 0.0, c IN $required | sum + CASE
  WHEN size([role_id IN held WHERE role_id = c[0]]) < c[1] THEN 100.0 * size([role_id IN held WHERE role_id = c[0]]) / c[1]
  ELSE 100.0 END) / size($required) END AS completeness
WITH collect([g, members, completeness]) AS made
CALL (made) {
  UNWIND made AS one
  UNWIND one[1] AS member
  MATCH (p:Person {id: member[0]})
  WITH p, one[0] AS g, $cards[member[1]] AS role, member, randomUUID() AS event
  ORDER BY p.id  // everybody locks people in the same order
  CREATE (p)-[:MEMBER_OF {roleId: role[0], role: role[1], source: 'SYSTEM', assignedAt: datetime(), assignedBy: $by,
    accountId: member[3], distance: member[2], eventId: event}]->(g)
  CREATE (e:MembershipEvent:BuyingGroupEvent:_New {id: event, at: datetime.realtime(), action: 'ASSIGN', source: 'SYSTEM',
    actor: $by, outcome: 'APPLIED', roleId: role[0], role: role[1], type: 'MEMBER_ASSIGNED', current: role[1]})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  RETURN count(*) AS added
}
CALL (made, added) {  // after the members, which it tells of
  UNWIND made AS one
  WITH one[0] AS g, one[2] AS completeness WHERE completeness IS NOT NULL
  SET g.completeness = completeness
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: $by,
    current: toString(completeness)})-[:IN]->(g)
}
RETURN size(made) AS created, added
