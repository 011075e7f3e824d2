// How often each client's changes are there: the audiences it made, by name, and the decisions about its person, in order.
// mode: read
// returns: audiences, decisions
RETURN COLLECT {
    MATCH (u:AccountAudience) WHERE u.name STARTS WITH 'fault '
    WITH u.name AS name, count(*) AS times RETURN [name, times]
  } AS audiences,
  COLLECT {
    MATCH (p:Person)<-[:ABOUT]-(e:MembershipEvent {outcome: 'APPLIED', source: 'MANUAL'})
    WITH p, e ORDER BY e.seq, e.at
    WITH p.externalId AS person, collect(e.role) AS roles RETURN [person, roles]
  } AS decisions
