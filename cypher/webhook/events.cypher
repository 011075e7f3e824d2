// The next events for a webhook, in order. Those of groups that were deleted are gone with them.
// mode: read
// params: after, head, types, interest_id, account_id, limit
// returns: seq, id, type, at, group_id, account_id, interest_id, person_id, role_id, role, source, previous, current
MATCH (e:BuyingGroupEvent)
WHERE e.seq > $after AND e.seq <= $head AND ($types IS NULL OR e.type IN $types)
MATCH (e)-[:IN]->(g:BuyingGroup)
WHERE ($interest_id IS NULL OR g.interestId = $interest_id) AND ($account_id IS NULL OR g.accountId = $account_id)
WITH e, g ORDER BY e.seq LIMIT $limit
RETURN e.seq AS seq, e.id AS id, e.type AS type, e.at.epochMillis AS at, g.id AS group_id, g.accountId AS account_id,
  g.interestId AS interest_id, head([(e)-[:ABOUT]->(p:Person) | p.id]) AS person_id, e.roleId AS role_id, e.role AS role,
  e.source AS source, e.previous AS previous, e.current AS current
ORDER BY seq
