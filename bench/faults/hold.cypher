// Takes the locks of the groups that clients decide about, until the transaction ends.
// mode: write
MATCH (g:BuyingGroup) WITH g ORDER BY g.id
SET g._l = true REMOVE g._l
