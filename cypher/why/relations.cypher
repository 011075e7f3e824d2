// People's relations to the accounts of hierarchies, the nearest to an account of each first, with what each card makes of
// them. `pairs` holds [account id, person id] each. The comment marks where graph/why.py puts the traces of the cards'
// conditions. Sides are 0 own, 1 above, 2 below, 3 across.
// mode: read
// params: pairs
// returns: place, account_id, account, distance, side, traces
UNWIND range(0, size($pairs) - 1) AS place
MATCH (home:Account {id: $pairs[place][0]})
MATCH (p:Person {id: $pairs[place][1]})-[w:WORKS_FOR]->(a:Account)
WITH place, p, w, a, COLLECT { MATCH path = (home)-[:CHILD_OF]->*(b:Account) RETURN b.id ORDER BY length(path) } AS up,
  COLLECT { MATCH path = (a)-[:CHILD_OF]->*(b:Account) RETURN b.id ORDER BY length(path) } AS own
WITH place, p, w, a, up, own, head([i IN range(0, size(own) - 1) WHERE own[i] IN up]) AS below
WHERE below IS NOT NULL
WITH place, p, w, a, below, head([i IN range(0, size(up) - 1) WHERE up[i] = own[below]]) AS above
WITH place, p, w, a, above + below AS distance,
  CASE WHEN above + below = 0 THEN 0 WHEN below = 0 THEN 1 WHEN above = 0 THEN 2 ELSE 3 END AS side
RETURN place, a.id AS account_id, a.name AS account, distance, side,
  [/*traces*/ w.title IS NULL, p.name IS NULL /*traces*/] AS traces
ORDER BY place, distance, side, a.externalId, a.id
