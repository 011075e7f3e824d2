// Writes changes that the rules make (rows of changes.cypher, sorted by person) to groups whose locks the transaction holds.
// The comments mark what graph/matching.py takes from here into settle.cypher.
// mode: write
// params: changes, by
// returns: added, removed, moved, overruled
UNWIND $changes AS row
MATCH (g:BuyingGroup {id: row.group_id})
MATCH (p:Person {id: row.person_id})
OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
WITH g, p, m, row.change AS change, row
/*write*/
WITH g, p, m, change, row, CASE WHEN change = 'REROUTE' THEN m.eventId ELSE randomUUID() END AS event
FOREACH (_ IN CASE WHEN change = 'REROUTE' THEN [] ELSE [1] END |
  CREATE (e:MembershipEvent {id: event, at: datetime.realtime(), source: 'SYSTEM', actor: $by,
    action: CASE change WHEN 'LEAVE' THEN 'REMOVE' WHEN 'MOVE' THEN 'CHANGE_ROLE' ELSE 'ASSIGN' END,
    outcome: CASE change WHEN 'OVERRULED' THEN 'OVERRULED' ELSE 'APPLIED' END,
    overruledBy: CASE change WHEN 'OVERRULED' THEN row.standing END,
    roleId: coalesce(row.role_id, row.former_role_id), role: coalesce(row.role, row.former_role)})
  CREATE (e)-[:ABOUT]->(p)
  CREATE (e)-[:IN]->(g)
  FOREACH (_ IN CASE WHEN change IN ['JOIN', 'MOVE'] THEN [1] ELSE [] END |
    SET e:BuyingGroupEvent:_New, e.type = 'MEMBER_ASSIGNED', e.previous = row.former_role, e.current = row.role
  )
  FOREACH (_ IN CASE WHEN change = 'LEAVE' THEN [1] ELSE [] END |
    SET e:BuyingGroupEvent:_New, e.type = 'MEMBER_REMOVED', e.previous = row.former_role
  )
)
FOREACH (_ IN CASE WHEN change IN ['JOIN', 'MOVE'] THEN [1] ELSE [] END |
  MERGE (p)-[n:MEMBER_OF]->(g)
  SET n = {roleId: row.role_id, role: row.role, source: 'SYSTEM', assignedAt: datetime(), assignedBy: $by,
    accountId: row.account_id, distance: row.distance, eventId: event}
)
FOREACH (_ IN CASE WHEN change = 'REROUTE' THEN [1] ELSE [] END |
  SET m.accountId = row.account_id, m.distance = row.distance
)
FOREACH (_ IN CASE WHEN change = 'LEAVE' THEN [1] ELSE [] END | DELETE m)
/*write*/
RETURN sum(CASE change WHEN 'JOIN' THEN 1 ELSE 0 END) AS added, sum(CASE change WHEN 'LEAVE' THEN 1 ELSE 0 END) AS removed,
  sum(CASE change WHEN 'MOVE' THEN 1 ELSE 0 END) AS moved, sum(CASE change WHEN 'OVERRULED' THEN 1 ELSE 0 END) AS overruled
