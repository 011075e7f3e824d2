// What stands in the groups of an interest at some accounts, by external ids: of each group what a creation decides, its
// members, and its numbered events by type, but for those of engagement.
// mode: read
// params: interest, accounts
// returns: account, group, members, events
UNWIND $accounts AS account_id
MATCH (a:Account {id: account_id})<-[:FOR_ACCOUNT]-(g:BuyingGroup {interestId: $interest})
RETURN a.externalId AS account, [g.name, g.nameKey, g.status, g.templateVersion, g.inAudience, g.completeness] AS group,
  COLLECT {
    MATCH (g)<-[m:MEMBER_OF]-(p:Person)
    RETURN [p.externalId, m.role, m.source, head(COLLECT { MATCH (through:Account {id: m.accountId}) RETURN through.externalId }),
      m.distance, COUNT { (e:MembershipEvent {id: m.eventId}) WHERE EXISTS { (e)-[:ABOUT]->(p) } AND EXISTS { (e)-[:IN]->(g) } }]
    ORDER BY p.externalId
  } AS members,
  COLLECT {
    MATCH (g)<-[:IN]-(e:BuyingGroupEvent) WHERE e.type <> 'ENGAGEMENT_CHANGED'
    WITH e.type AS type, count(e) AS events, count(DISTINCT e.seq) AS numbered ORDER BY type
    RETURN [type, events, numbered]
  } AS events
