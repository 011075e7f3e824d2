// History of a group: all that changed, the first change first
// Tell first which, with :params {group: 'Harbor Journeys rollout for Tessarine Campaign Department'}
// mode: read
// params: group
// returns: at, what, person, previous, current, actor
MATCH (:BuyingGroup {name: $group})<-[:IN]-(e:BuyingGroupEvent)
OPTIONAL MATCH (e)-[:ABOUT]->(p:Person)
RETURN toString(datetime.truncate('second', e.at)) AS at, e.type AS what, p.name AS person, e.previous AS previous, e.current AS current, e.actor AS actor
ORDER BY e.seq, e.at, e.id
