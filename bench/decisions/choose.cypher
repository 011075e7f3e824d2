// Who is decided about: people beside groups at their own account, each [group, person], a few for each of some groups; and
// people of a large tree beside one group in it. Nobody has a decision that stands there. And the ids of roles.
// mode: read
// params: groups, each, people, roles
// returns: pairs, around, role_ids
RETURN
  COLLECT {
    MATCH (g:BuyingGroup)
    WITH g ORDER BY g.id LIMIT $groups
    MATCH (g)-[:FOR_ACCOUNT]->(:Account)<-[:WORKS_FOR]-(p:Person)
    WHERE NOT EXISTS { (p)-[:MEMBER_OF|REMOVED_FROM]->(g) }
    WITH g, p ORDER BY p.id
    WITH g, collect(DISTINCT p.id)[..$each] AS people
    UNWIND range(0, size(people) - 1) AS place
    WITH g, people, place ORDER BY place, g.id
    RETURN [g.id, people[place]]
  } AS pairs,
  COLLECT {
    MATCH (top:Account) WHERE NOT EXISTS { (top)-[:CHILD_OF]->() }
    WITH top, COUNT { (top)<-[:CHILD_OF]-(:Account) } AS children ORDER BY children DESC, top.id LIMIT 1
    MATCH (top)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
    WITH top, g ORDER BY g.id LIMIT 1
    MATCH (top)<-[:CHILD_OF]-{0,3}(:Account)<-[:WORKS_FOR]-(p:Person)
    WHERE NOT EXISTS { (p)-[:MEMBER_OF|REMOVED_FROM]->(g) }
    WITH DISTINCT g, p ORDER BY p.id LIMIT $people
    RETURN [g.id, p.id]
  } AS around,
  COLLECT { UNWIND $roles AS name MATCH (r:Role {name: name}) RETURN r.id } AS role_ids
