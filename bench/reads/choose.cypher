// What the queries are asked about, in an order that only the ids decide: groups; accounts with so many accounts in the three
// levels below that they make some hundred objects; groups with at least 100 members; interests; and people beside groups
// around them, who have no decision standing there, each [group, person].
// mode: read
// params: count, pairs, role
// returns: groups, accounts, large, interests, role_id, outsiders
RETURN
  COLLECT { MATCH (g:BuyingGroup) RETURN g.id ORDER BY g.id LIMIT $count } AS groups,
  COLLECT {
    MATCH (a:Account)
    WITH a, COUNT { (a)<-[:CHILD_OF]-{1,3}(:Account) } AS below WHERE below >= 20 AND below <= 60
    RETURN a.id ORDER BY a.id LIMIT $count
  } AS accounts,
  COLLECT {
    MATCH (g:BuyingGroup)
    WITH g, COUNT { (g)<-[:MEMBER_OF]-() } AS members WHERE members >= 100
    RETURN g.id ORDER BY g.id LIMIT $count
  } AS large,
  COLLECT { MATCH (i:SolutionInterest) RETURN i.id ORDER BY i.name } AS interests,
  head(COLLECT { MATCH (r:Role {name: $role}) RETURN r.id }) AS role_id,
  COLLECT {
    MATCH (g:BuyingGroup)
    WITH g ORDER BY g.id LIMIT $pairs
    MATCH (g)-[:FOR_ACCOUNT]->(:Account)<-[:WORKS_FOR]-(p:Person)
    WHERE NOT EXISTS { (p)-[:MEMBER_OF|REMOVED_FROM]->(g) }
    WITH g, min(p.id) AS person
    RETURN [g.id, person] ORDER BY g.id
  } AS outsiders
