// All scores, people's and groups', to nine digits, by external ids; and how many numbered events tell of groups'.
// mode: read
// params: interest
// returns: people, groups, events
RETURN
  COLLECT { MATCH (p:Person) WITH p ORDER BY p.externalId RETURN [p.externalId, round(p.engagementScore, 9)] } AS people,
  COLLECT {
    MATCH (g:BuyingGroup {interestId: $interest})-[:FOR_ACCOUNT]->(a:Account)
    WITH g, a ORDER BY a.externalId
    RETURN [a.externalId, round(g.engagementScore, 9)]
  } AS groups,
  COUNT { MATCH (e:BuyingGroupEvent {type: 'ENGAGEMENT_CHANGED'}) WHERE e.seq IS NOT NULL } AS events
