// Decides that people are to be members of a group, each in a role. Takes the group's lock, looks up in `rules` what the
// standing decision of each makes of it, writes what applies, records what applies or is overruled, recounts completeness.
// One row a person, in the order wanted; `refused` names the rule that rejects the row, or is null.
// Each wanted row brings its event's id along: where the event stands, this very call was done, and is only told again.
// mode: write
// params: group_id, wanted, rules, source, by, credential, request_id, journey
// returns: place, person_id, outcome, refused, role_id, source, event_id
MATCH (g:BuyingGroup {id: $group_id})-[:FOR_ACCOUNT]->(home:Account)
SET g._l = true REMOVE g._l
WITH g, home WHERE g.id IS NOT NULL  // else it was deleted while this waited
WITH g, COLLECT { MATCH path = (home)-[:CHILD_OF]->*(a:Account) RETURN a.id ORDER BY length(path) } AS up,
  COLLECT {
    MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(t:RoleTemplate)
      -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(:RoleCard)-[:FOR_ROLE]->(r:Role)
    WHERE EXISTS { (t)-[:HAS_CARD]->(:RoleCard)-[:FOR_ROLE]->(r) }  // a newer version may have dropped it
    RETURN [r.id, r.name]
  } AS roles
UNWIND range(0, size($wanted) - 1) AS place
WITH g, up, place, $wanted[place] AS want, head([r IN roles WHERE r[0] = $wanted[place].roleId]) AS role
ORDER BY want.personId  // everybody locks people in the same order
OPTIONAL MATCH (p:Person {id: want.personId})
OPTIONAL MATCH (p)-[member:MEMBER_OF]->(g)
OPTIONAL MATCH (p)-[removal:REMOVED_FROM]->(g)
OPTIONAL MATCH (done:MembershipEvent {id: want.eventId})
CALL (p, up) {
  MATCH (p)-[:WORKS_FOR]->(a:Account)
  WITH a, up, COLLECT { MATCH path = (a)-[:CHILD_OF]->*(b:Account) RETURN b.id ORDER BY length(path) } AS own
  WITH a, up, own, head([i IN range(0, size(own) - 1) WHERE own[i] IN up]) AS below
  WHERE below IS NOT NULL
  WITH a, below, head([i IN range(0, size(up) - 1) WHERE up[i] = own[below]]) AS above
  ORDER BY above + below, CASE WHEN below = 0 THEN 0 WHEN above = 0 THEN 1 ELSE 2 END, a.externalId, a.id
  LIMIT 1
  RETURN collect([a.id, above + below])[0] AS near
}
WITH g, place, want, role, p, member, removal, done, near, want.eventId AS event,
  CASE
    WHEN member IS NOT NULL THEN member.source + CASE WHEN member.roleId = want.roleId THEN ':SAME' ELSE ':OTHER' END
    WHEN removal IS NOT NULL THEN removal.source + ':REMOVED'
    ELSE 'NONE' END AS state,
  CASE
    WHEN done IS NOT NULL THEN null
    WHEN role IS NULL THEN 'INVALID'
    WHEN p IS NULL THEN 'NOT_FOUND'
    WHEN near IS NULL THEN 'NOT_IN_ACCOUNT' END AS refused
WITH *, CASE WHEN refused IS NULL THEN coalesce(done.outcome, $rules[state]) ELSE 'REJECTED' END AS outcome
WITH *, CASE
    WHEN outcome = 'APPLIED' THEN [want.roleId, $source, event]
    WHEN member IS NOT NULL THEN [member.roleId, member.source, member.eventId]
    WHEN removal IS NOT NULL THEN [null, null, removal.eventId]
    ELSE [null, null, null] END AS stands
FOREACH (_ IN CASE WHEN done IS NULL AND outcome IN ['APPLIED', 'OVERRULED'] THEN [1] ELSE [] END |
  CREATE (e:MembershipEvent {id: event, at: datetime.realtime(), source: $source, actor: $by, credential: $credential,
    requestId: $request_id, journey: $journey, outcome: outcome,
    overruledBy: CASE WHEN outcome = 'OVERRULED' THEN stands[2] END,
    action: CASE WHEN member.roleId <> want.roleId THEN 'CHANGE_ROLE' ELSE 'ASSIGN' END, roleId: role[0], role: role[1]})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  // Those who follow the group hear of it when somebody holds another role than before.
  FOREACH (_ IN CASE WHEN outcome = 'APPLIED' AND coalesce(member.roleId, '') <> want.roleId THEN [1] ELSE [] END |
    SET e:BuyingGroupEvent:_New, e.type = 'MEMBER_ASSIGNED', e.previous = member.role, e.current = role[1]
  )
)
FOREACH (_ IN CASE WHEN done IS NULL AND outcome = 'APPLIED' THEN [1] ELSE [] END |
  MERGE (p)-[m:MEMBER_OF]->(g)
  SET m = {roleId: role[0], role: role[1], source: $source, assignedAt: datetime(), assignedBy: $by, credential: $credential,
    requestId: $request_id, accountId: near[0], distance: near[1], eventId: event}
  DELETE removal
  SET p._touchedAt = timestamp()  // maintenance looks at who was decided about: what the rules want may be overruled now
)
WITH g, collect([place, want.personId, outcome, refused, stands, done IS NULL]) AS results
CALL (g, results) {
  WITH g, results WHERE any(row IN results WHERE row[2] = 'APPLIED' AND row[5])
  OPTIONAL MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
    -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
  WITH g, c, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
  WITH g, g.completeness AS former,
    CASE WHEN count(c) > 0 THEN sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END)
      / count(c) END AS completeness
  SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = $by
  FOREACH (_ IN CASE WHEN coalesce(former, -1.0) = coalesce(completeness, -1.0) THEN [] ELSE [1] END |
    CREATE (e:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: $by,
      previous: toString(former), current: toString(completeness)})-[:IN]->(g)
  )
}
UNWIND results AS row
RETURN row[0] AS place, row[1] AS person_id, row[2] AS outcome, row[3] AS refused, row[4][0] AS role_id,
  row[4][1] AS source, row[4][2] AS event_id
ORDER BY place
