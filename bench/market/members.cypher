// Makes people members of groups as cypher/matching/join.cypher and member/assign.cypher do, each with its numbered event.
// A member is [person, event, role id, role, source, at, account, distance, number].
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (g:BuyingGroup {id: row.id})
UNWIND row.members AS one
MATCH (p:Person {id: one[0]})
WITH g, p, one, datetime({epochMillis: one[5]}) AS at
CREATE (p)-[:MEMBER_OF {roleId: one[2], role: one[3], source: one[4], assignedAt: at, assignedBy: $by, accountId: one[6],
  distance: one[7], eventId: one[1]}]->(g)
CREATE (e:MembershipEvent:BuyingGroupEvent {id: one[1], at: at, action: 'ASSIGN', source: one[4], actor: $by,
  journey: CASE one[4] WHEN 'JOURNEY' THEN 'Bench' END, outcome: 'APPLIED', roleId: one[2], role: one[3], type: 'MEMBER_ASSIGNED',
  current: one[3], seq: one[8]})
CREATE (e)-[:ABOUT]->(p)
CREATE (e)-[:IN]->(g)
