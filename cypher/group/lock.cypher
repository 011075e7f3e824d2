// Takes the locks of groups, in the order given, which is that of their ids.
// mode: write
// params: group_ids
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})
SET g._l = true REMOVE g._l
