// How many nodes there are of each label, and relationships of each type.
// mode: read
// returns: nodes, relationships
RETURN COLLECT { MATCH (n) UNWIND labels(n) AS label WITH label, count(*) AS nodes ORDER BY label RETURN [label, nodes] } AS nodes,
  COLLECT { MATCH ()-[r]->() WITH type(r) AS kind, count(*) AS links ORDER BY kind RETURN [kind, links] } AS relationships
