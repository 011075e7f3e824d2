// Takes the locks of groups, in the order given, which is that of their ids. No row for one that is not, or no longer, there.
// mode: write
// params: group_ids
// returns: id
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})
SET g._l = true REMOVE g._l
WITH g WHERE g.id IS NOT NULL  // else it was deleted while this waited
RETURN g.id AS id
