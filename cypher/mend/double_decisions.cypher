// Where several decisions stand about a person and a group, keeps the one that the last event tells of, if one of them is that.
// mode: write
// params: by, limit
// returns: what
MATCH (p:Person)-[d:MEMBER_OF|REMOVED_FROM]->(g:BuyingGroup)
WITH p, g, count(d) AS decisions WHERE decisions > 1
WITH g, collect(p) AS people ORDER BY g.id
SET g._l = true REMOVE g._l
WITH g, people UNWIND people AS p
WITH g, p, head(COLLECT {
  MATCH (p)<-[:ABOUT]-(e:MembershipEvent {outcome: 'APPLIED'})-[:IN]->(g) RETURN e.id ORDER BY e.at DESC, e.seq DESC LIMIT 1
}) AS last
MATCH (p)-[d:MEMBER_OF|REMOVED_FROM]->(g)
WITH g, p, last, collect(d) AS standing
WITH g, p, standing, [d IN standing WHERE d.eventId = last] AS right WHERE size(standing) > 1 AND size(right) = 1
LIMIT $limit
FOREACH (wrong IN [d IN standing WHERE d.eventId IS NULL OR d.eventId <> right[0].eventId] | DELETE wrong)
SET g.updatedAt = datetime(), g.updatedBy = $by
RETURN p.name + ' has the decision of the last event in ' + g.name + ', and no other' AS what
