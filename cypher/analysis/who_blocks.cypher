// Who blocks: people kept out of a group, and how often rules and journeys wanted them since
// mode: read
// returns: group, person, removedBy, source, since, wanted
MATCH (p:Person)-[r:REMOVED_FROM]->(g:BuyingGroup)
RETURN g.name AS group, p.name AS person, r.removedBy AS removedBy, r.source AS source, toString(date(r.removedAt)) AS since,
  COUNT { (p)<-[:ABOUT]-(:MembershipEvent {action: 'ASSIGN', outcome: 'OVERRULED'})-[:IN]->(g) } AS wanted
ORDER BY wanted DESC, group, person
