// Takes back what jobs made: groups, their events, and the jobs themselves.
// mode: write
MATCH (n:BuyingGroup|BuyingGroupEvent|MembershipEvent|StageChange|Job|_Scores)
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 2000 ROWS
