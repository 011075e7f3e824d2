// A page of 50 groups of an interest within bounds of completeness, the least complete first, each with its count and its
// first members. The interest stands first in the order, for then an index gives the order.
// mode: read
// params: interest, from, below
// returns: id, name, status, completeness, memberCount, account, members
MATCH (g:BuyingGroup)
WHERE g.interestId = $interest AND g.completeness >= $from AND g.completeness < $below AND g.id IS NOT NULL
WITH g ORDER BY g.interestId, g.completeness, g.id LIMIT 50
MATCH (g)-[:FOR_ACCOUNT]->(a:Account)
RETURN g.id AS id, g.name AS name, g.status AS status, g.completeness AS completeness,
  COUNT { (g)<-[:MEMBER_OF]-() } AS memberCount, a.name AS account,
  COLLECT {
    MATCH (g)<-[m:MEMBER_OF]-(p:Person)
    WITH m, p ORDER BY p.name, p.id LIMIT 3
    RETURN p {.id, .name, role: m.role}
  } AS members
