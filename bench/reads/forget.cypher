// Deletes the events in groups that some actors caused.
// mode: write
// params: group_ids, actors
UNWIND $group_ids AS group_id
MATCH (e:MembershipEvent|BuyingGroupEvent)-[:IN]->(:BuyingGroup {id: group_id})
WHERE e.actor IN $actors
DETACH DELETE e
