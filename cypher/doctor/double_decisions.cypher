// More than one standing decision about a person and a group
// mode: read
// returns: what
MATCH (p:Person)-[d:MEMBER_OF|REMOVED_FROM]->(g:BuyingGroup)
WITH p, g, count(d) AS decisions WHERE decisions > 1
RETURN p.name + ' has ' + decisions + ' decisions standing in ' + g.name + ' (' + p.id + ', ' + g.id + ')' AS what
