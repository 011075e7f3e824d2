// The floor of a decision by hand that a person is to be a member, with all that the service promises of it and nothing else:
// under the group's lock; only in a role that a card of the group names; only for those with a relation to the group's
// hierarchy, through the nearest account; once for each event id; with the decision and what follows on record, and the
// completeness recounted. Nothing stands above a decision by hand.
// mode: write
// params: group, person, role, event
// returns: outcome, completeness
MATCH (g:BuyingGroup {id: $group})-[:FOR_ACCOUNT]->(home:Account)
SET g._l = true REMOVE g._l
WITH g, home
MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(t:RoleTemplate)
MATCH (t)-[:HAS_CARD {version: g.templateVersion}]->(:RoleCard)-[:FOR_ROLE]->(r:Role {id: $role})
MATCH (p:Person {id: $person})
CALL (home, p) {
  MATCH (p)-[:WORKS_FOR]->(a:Account)
  MATCH above = (home)-[:CHILD_OF]->*(common:Account)
  MATCH below = (a)-[:CHILD_OF]->*(common)
  WITH a, length(above) AS up, length(below) AS down
  ORDER BY up + down, CASE WHEN down = 0 THEN 0 WHEN up = 0 THEN 1 ELSE 2 END, a.externalId LIMIT 1
  RETURN a.id AS account, up + down AS distance
}
OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
OPTIONAL MATCH (p)-[x:REMOVED_FROM]->(g)
WITH g, t, p, r, m, x, account, distance, m.role AS former, g.completeness AS before,
  CASE WHEN m.roleId = r.id AND m.source = 'MANUAL' THEN 'UNCHANGED' ELSE 'APPLIED' END AS outcome
CALL (g, p, r, m, x, account, distance, former, outcome) {
  WITH * WHERE outcome = 'APPLIED' AND NOT EXISTS { (:MembershipEvent {id: $event}) }
  CREATE (e:MembershipEvent {id: $event, at: datetime.realtime(), source: 'MANUAL', actor: 'floor', outcome: 'APPLIED',
    action: CASE WHEN former <> r.name THEN 'CHANGE_ROLE' ELSE 'ASSIGN' END, roleId: r.id, role: r.name})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  FOREACH (_ IN CASE WHEN coalesce(former, '') <> r.name THEN [1] ELSE [] END |
    SET e:BuyingGroupEvent:_New, e.type = 'MEMBER_ASSIGNED', e.previous = former, e.current = r.name
  )
  DELETE x
  MERGE (p)-[n:MEMBER_OF]->(g)
  SET n = {roleId: r.id, role: r.name, source: 'MANUAL', assignedAt: datetime(), assignedBy: 'floor', accountId: account,
    distance: distance, eventId: $event}
}
WITH DISTINCT g, t, outcome, before
MATCH (t)-[:HAS_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, outcome, before, c, COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id } AS assigned ORDER BY c.priority
WITH g, outcome, before,
  sum(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END) / count(c) AS completeness
SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = 'floor'
FOREACH (_ IN CASE WHEN before = completeness THEN [] ELSE [1] END |
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'COMPLETENESS_CHANGED', at: datetime.realtime(), actor: 'floor',
    previous: toString(before), current: toString(completeness)})-[:IN]->(g)
)
RETURN outcome, completeness
