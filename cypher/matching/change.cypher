// What the rules make of a person in a group: `match` is how they put them there ({role: [id, name], distance, accountId}), null if
// they don't. The person joins (JOIN), gets another role (MOVE), keeps the role through another account (REROUTE), leaves (LEAVE), or
// a person's or a journey's decision overrules the match (OVERRULED, once per standing decision and role unless `repeat`). No row
// where nothing changes. `rules` maps each standing state to its outcome.
// The comments mark what graph/matching.py takes from here into other statements.
// mode: read
// params: rules, repeat
// returns: group_id, person_id, change, role_id, role, former_role_id, former_role, account_id, distance, standing
MATCH (p:Person)-[of:MEMBER_OF]->(g:BuyingGroup)
WITH g, p, {role: [of.roleId, of.role], distance: of.distance, accountId: of.accountId} AS match
/*change*/
OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
OPTIONAL MATCH (p)-[x:REMOVED_FROM]->(g)
WITH g, p, match, m, x, CASE WHEN match IS NOT NULL THEN $rules[CASE
    WHEN m IS NOT NULL THEN m.source + CASE WHEN m.roleId = match.role[0] THEN ':SAME' ELSE ':OTHER' END
    WHEN x IS NOT NULL THEN x.source + ':REMOVED'
    ELSE 'NONE' END] END AS outcome
WITH *, CASE
    WHEN match IS NULL THEN CASE WHEN m.source = 'SYSTEM' THEN 'LEAVE' END
    WHEN outcome = 'APPLIED' AND m IS NULL THEN 'JOIN'
    WHEN outcome = 'APPLIED' THEN 'MOVE'
    WHEN outcome = 'OVERRULED' THEN 'OVERRULED'
    WHEN m.source = 'SYSTEM' AND [m.accountId, m.distance] <> [match.accountId, match.distance] THEN 'REROUTE' END AS change
WHERE change IS NOT NULL AND ($repeat OR change <> 'OVERRULED' OR NOT EXISTS {
  MATCH (p)<-[:ABOUT]-(e:MembershipEvent {source: 'SYSTEM', outcome: 'OVERRULED', roleId: match.role[0],
    overruledBy: coalesce(m.eventId, x.eventId)})-[:IN]->(g) })
/*change*/
/*told*/
RETURN g.id AS group_id, p.id AS person_id, change, match.role[0] AS role_id, match.role[1] AS role,
  m.roleId AS former_role_id, m.role AS former_role, coalesce(match.accountId, m.accountId) AS account_id,
  coalesce(match.distance, m.distance) AS distance, coalesce(m.eventId, x.eventId) AS standing
ORDER BY person_id, group_id
/*told*/
