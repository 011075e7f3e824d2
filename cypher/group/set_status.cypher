// Sets a group's status, or with null clears it, and records the event if that changes it. No row when there is no group.
// mode: write
// params: group_id, status, by, credential, request_id, journey
// returns: id
MATCH (g:BuyingGroup {id: $group_id})
SET g._l = true REMOVE g._l
WITH g, g.status AS former, datetime.realtime() AS now
FOREACH (_ IN CASE WHEN coalesce(former = $status, former IS NULL AND $status IS NULL) THEN [] ELSE [1] END |
  CREATE (:BuyingGroupEvent:_New {id: randomUUID(), type: 'STATUS_CHANGED', at: now, actor: $by, credential: $credential,
    requestId: $request_id, journey: $journey, previous: former, current: $status})-[:IN]->(g)
  SET g.status = $status, g.updatedAt = now, g.updatedBy = $by
)
RETURN g.id AS id
