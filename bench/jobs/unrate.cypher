// Takes all scores back, with their events.
// mode: write
MATCH (n:Person|BuyingGroup|BuyingGroupEvent)
WHERE n.engagementScore IS NOT NULL OR n.type = 'ENGAGEMENT_CHANGED'
CALL (n) {
  REMOVE n.engagementScore
  WITH n WHERE n:BuyingGroupEvent
  DETACH DELETE n
} IN TRANSACTIONS OF 2000 ROWS
