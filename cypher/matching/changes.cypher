// What the rules would change in groups: who joins (JOIN), gets another role (MOVE), keeps the role through another account
// (REROUTE) or leaves (LEAVE), and which matches a person's or a journey's decision overrules (OVERRULED, once per standing
// decision and role unless `repeat`). `rules` maps each standing state to its outcome; `cards` holds [role id, role name]. Only those
// in `leavers`, [group id, person id], may leave, unless it is null: all may whom no rule matches.
// The comment marks where graph/matching.py puts the statement of matches.cypher.
// mode: read
// params: group_ids, cards, rules, repeat, leavers
// returns: group_id, person_id, change, role_id, role, former_role_id, former_role, account_id, distance, standing
CALL () {
  /*matches*/ UNWIND [] AS none MATCH (g:BuyingGroup)<-[m:MEMBER_OF]-(p:Person)
  RETURN g.id AS group_id, p, 0 AS card, m.distance AS distance, m.accountId AS account_id /*matches*/
}
WITH group_id, collect({p: p, role: $cards[card], distance: distance, accountId: account_id}) AS matches
WITH collect({id: group_id, matches: matches}) AS found
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})
WITH g, coalesce(head([f IN found WHERE f.id = group_id | f.matches]), []) AS matches
CALL (g, matches) {
  UNWIND matches AS match
  WITH g, match, match.p AS p
  OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
  OPTIONAL MATCH (p)-[x:REMOVED_FROM]->(g)
  WITH g, p, match, m, x, $rules[CASE
    WHEN m IS NOT NULL THEN m.source + CASE WHEN m.roleId = match.role[0] THEN ':SAME' ELSE ':OTHER' END
    WHEN x IS NOT NULL THEN x.source + ':REMOVED'
    ELSE 'NONE' END] AS outcome
  WITH *, CASE
    WHEN outcome = 'APPLIED' AND m IS NULL THEN 'JOIN'
    WHEN outcome = 'APPLIED' THEN 'MOVE'
    WHEN outcome = 'OVERRULED' THEN 'OVERRULED'
    WHEN m.source = 'SYSTEM' AND [m.accountId, m.distance] <> [match.accountId, match.distance] THEN 'REROUTE' END AS change
  WHERE change IS NOT NULL AND ($repeat OR change <> 'OVERRULED' OR NOT EXISTS {
    MATCH (p)<-[:ABOUT]-(e:MembershipEvent {source: 'SYSTEM', outcome: 'OVERRULED', roleId: match.role[0],
      overruledBy: coalesce(m.eventId, x.eventId)})-[:IN]->(g) })
  RETURN p, change, match.role[0] AS role_id, match.role[1] AS role, m.roleId AS former_role_id, m.role AS former_role,
    match.accountId AS account_id, match.distance AS distance, coalesce(m.eventId, x.eventId) AS standing
  UNION ALL
  WITH g, [match IN matches | match.p] AS matched
  MATCH (p:Person)-[m:MEMBER_OF {source: 'SYSTEM'}]->(g)
  WHERE NOT p IN matched AND coalesce([g.id, p.id] IN $leavers, true)
  RETURN p, 'LEAVE' AS change, null AS role_id, null AS role, m.roleId AS former_role_id, m.role AS former_role,
    m.accountId AS account_id, m.distance AS distance, m.eventId AS standing
}
RETURN g.id AS group_id, p.id AS person_id, change, role_id, role, former_role_id, former_role, account_id, distance, standing
ORDER BY person_id, group_id
