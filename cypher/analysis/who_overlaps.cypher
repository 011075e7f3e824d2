// Who overlaps: people in several groups, and as what
// mode: read
// returns: person, groups, roles
MATCH (p:Person)-[m:MEMBER_OF]->(g:BuyingGroup)
WITH p, m, g ORDER BY g.name
WITH p, collect(m.role + ' of ' + g.name) AS roles
WHERE size(roles) > 1
RETURN p.name AS person, size(roles) AS groups, roles ORDER BY groups DESC, person
