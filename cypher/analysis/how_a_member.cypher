// How a person came to be a member: every decision about them in a group, the overruled too
// Tell first which, with :params {person: 'Wanda Vandermeer', group: 'Harbor Journeys rollout for Tessarine Campaign Department'}
// mode: read
// params: person, group
// returns: at, action, role, source, actor, outcome, overruledBy, reason
MATCH (:Person {name: $person})<-[:ABOUT]-(e:MembershipEvent)-[:IN]->(:BuyingGroup {name: $group})
RETURN toString(datetime.truncate('second', e.at)) AS at, e.action AS action, e.role AS role, e.source AS source,
  e.actor AS actor, e.outcome AS outcome, e.overruledBy AS overruledBy, e.reason AS reason
ORDER BY e.at, e.id
