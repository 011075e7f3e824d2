// Makes a person a member of a group by hand, under the group's lock, unless their standing decision is this one already;
// records the decision and recounts completeness. Nothing stands above a decision by hand.
// mode: write
// params: group, person, role
// returns: outcome, completeness
MATCH (g:BuyingGroup {id: $group})
SET g._l = true REMOVE g._l
WITH g
MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(t:RoleTemplate)
MATCH (t)-[:HAS_CARD {version: g.templateVersion}]->(:RoleCard)-[:FOR_ROLE]->(r:Role {id: $role})
MATCH (p:Person {id: $person})
OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
OPTIONAL MATCH (p)-[x:REMOVED_FROM]->(g)
WITH g, t, p, r, m, x, randomUUID() AS event,
  CASE WHEN m.roleId = r.id AND m.source = 'MANUAL' THEN 'UNCHANGED' ELSE 'APPLIED' END AS outcome
CALL (g, t, p, r, m, x, event, outcome) {
  WITH * WHERE outcome = 'APPLIED'
  CREATE (e:MembershipEvent {id: event, at: datetime(), source: 'MANUAL', actor: 'floor', outcome: 'APPLIED',
    action: CASE WHEN m IS NULL THEN 'ASSIGN' ELSE 'CHANGE_ROLE' END, roleId: r.id, role: r.name})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  DELETE x
  MERGE (p)-[n:MEMBER_OF]->(g)
  SET n = {roleId: r.id, role: r.name, source: 'MANUAL', assignedAt: datetime(), assignedBy: 'floor', eventId: event}
}
WITH DISTINCT g, t, outcome
MATCH (t)-[:HAS_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
WITH g, outcome, c, COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id } AS assigned
WITH g, outcome, avg(CASE WHEN assigned < c.membersRequired THEN 100.0 * assigned / c.membersRequired ELSE 100.0 END) AS completeness
SET g.completeness = completeness, g.updatedAt = datetime(), g.updatedBy = 'floor'
RETURN outcome, completeness
