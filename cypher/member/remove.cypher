// Decides that people are not to be members of a group. Takes the group's lock, looks up in `rules` what the standing
// decision of each makes of it, writes what applies, records what applies or is overruled, recounts completeness.
// One row a person, in the order wanted; `refused` names the rule that rejects the row, or is null.
// Each wanted row brings its event's id along: where the event stands, this very call was done, and is only told again.
// mode: write
// params: group_id, wanted, rules, source, by, credential, request_id, journey, reason
// returns: place, person_id, outcome, refused, role_id, source, event_id
MATCH (g:BuyingGroup {id: $group_id})
SET g._l = true REMOVE g._l
WITH g WHERE g.id IS NOT NULL  // else it was deleted while this waited
UNWIND range(0, size($wanted) - 1) AS place
WITH g, place, $wanted[place] AS want
ORDER BY want.personId  // everybody locks people in the same order
OPTIONAL MATCH (p:Person {id: want.personId})
OPTIONAL MATCH (p)-[member:MEMBER_OF]->(g)
OPTIONAL MATCH (p)-[removal:REMOVED_FROM]->(g)
OPTIONAL MATCH (done:MembershipEvent {id: want.eventId})
WITH g, place, want, p, member, removal, done, want.eventId AS event,
  CASE
    WHEN member IS NOT NULL THEN member.source + ':OTHER'
    WHEN removal IS NOT NULL THEN removal.source + ':REMOVED'
    ELSE 'NONE' END AS state,
  CASE WHEN p IS NULL THEN 'NOT_FOUND' END AS refused
WITH *, CASE WHEN refused IS NULL THEN coalesce(done.outcome, $rules[state]) ELSE 'REJECTED' END AS outcome
WITH *, CASE
    WHEN outcome = 'APPLIED' THEN [null, null, event]
    WHEN member IS NOT NULL THEN [member.roleId, member.source, member.eventId]
    WHEN removal IS NOT NULL THEN [null, null, removal.eventId]
    ELSE [null, null, null] END AS stands,
  [coalesce(member.roleId, removal.formerRoleId), coalesce(member.role, removal.formerRole)] AS former
FOREACH (_ IN CASE WHEN done IS NULL AND outcome IN ['APPLIED', 'OVERRULED'] THEN [1] ELSE [] END |
  CREATE (e:MembershipEvent {id: event, at: datetime.realtime(), source: $source, actor: $by, credential: $credential,
    requestId: $request_id, journey: $journey, outcome: outcome,
    overruledBy: CASE WHEN outcome = 'OVERRULED' THEN stands[2] END,
    action: 'REMOVE', roleId: member.roleId, role: member.role, reason: $reason})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  FOREACH (_ IN CASE WHEN outcome = 'APPLIED' AND member IS NOT NULL THEN [1] ELSE [] END |
    SET e:BuyingGroupEvent:_New, e.type = 'MEMBER_REMOVED', e.previous = member.role
  )
)
FOREACH (_ IN CASE WHEN done IS NULL AND outcome = 'APPLIED' THEN [1] ELSE [] END |
  MERGE (p)-[x:REMOVED_FROM]->(g)
  SET x = {source: $source, removedAt: datetime(), removedBy: $by, credential: $credential, requestId: $request_id,
    reason: $reason, formerRoleId: former[0], formerRole: former[1], eventId: event}
  DELETE member
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
