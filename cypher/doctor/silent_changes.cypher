// Decisions that stand without the event that made them
// mode: read
// returns: what
MATCH (p:Person)-[d:MEMBER_OF|REMOVED_FROM]->(g:BuyingGroup)
WHERE NOT EXISTS {
  MATCH (p)<-[:ABOUT]-(e:MembershipEvent {id: d.eventId, outcome: 'APPLIED', source: d.source})-[:IN]->(g)
  WHERE (type(d) = 'REMOVED_FROM') = (e.action = 'REMOVE') AND (type(d) = 'REMOVED_FROM' OR e.roleId = d.roleId)
}
RETURN p.name + ': no event tells of what stands in ' + g.name + ' (' + p.id + ', ' + g.id + ')' AS what
