// A group has the id of the stage where it stands, so that groups can be counted and found by it without a walk from each.
// mode: write
MATCH (g:BuyingGroup)-[:AT_STAGE]->(s:Stage)
CALL (g, s) { SET g.stageId = s.id } IN TRANSACTIONS OF 10000 ROWS;
