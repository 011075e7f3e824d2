// How a person came to be a member: every decision about them in a group, the overruled too
// Tell first which, with :params {person: 'Wanda Vandermeer', group: 'Harbor Journeys rollout for Tessarine Campaign Department'}
// mode: read
// params: person, group
// returns: at, action, role, source, actor, outcome, reason, overruledBy, journey
MATCH (:Person {name: $person})<-[:ABOUT]-(e:MembershipEvent)-[:IN]->(:BuyingGroup {name: $group})
OPTIONAL MATCH (over:MembershipEvent {id: e.overruledBy})
RETURN toString(datetime.truncate('second', e.at)) AS at, e.action AS action, e.role AS role, e.source AS source,
  e.actor AS actor, e.outcome AS outcome, e.reason AS reason,
  over.source + ' ' + over.action + ', ' + left(toString(over.at), 19) + 'Z' AS overruledBy, e.journey AS journey
ORDER BY e.at, e.id
