// Takes members out of groups by hand as cypher/member/remove.cypher does. A removal is [person, event, role id, role, at, number].
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (g:BuyingGroup {id: row.id})
UNWIND row.removed AS one
MATCH (p:Person {id: one[0]})
WITH g, p, one, datetime({epochMillis: one[4]}) AS at
CREATE (p)-[:REMOVED_FROM {source: 'MANUAL', removedAt: at, removedBy: $by, formerRoleId: one[2], formerRole: one[3], eventId: one[1]}]->(g)
CREATE (e:MembershipEvent:BuyingGroupEvent {id: one[1], at: at, action: 'REMOVE', source: 'MANUAL', actor: $by, outcome: 'APPLIED',
  roleId: one[2], role: one[3], type: 'MEMBER_REMOVED', previous: one[3], seq: one[5]})
CREATE (e)-[:ABOUT]->(p)
CREATE (e)-[:IN]->(g)
