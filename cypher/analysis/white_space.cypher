// White space: branches without any group, in hierarchies where there are groups; with their people
// mode: read
// returns: hierarchy, branch, accounts, people
MATCH (a:Account)-[:CHILD_OF]->(above:Account)
WHERE NOT EXISTS { MATCH (a)<-[:CHILD_OF]-*(:Account)<-[:FOR_ACCOUNT]-(:BuyingGroup) }
  AND EXISTS { MATCH (above)<-[:CHILD_OF]-*(:Account)<-[:FOR_ACCOUNT]-(:BuyingGroup) }
MATCH (above)-[:CHILD_OF]->*(top:Account)
WHERE NOT EXISTS { (top)-[:CHILD_OF]->(:Account) }
RETURN top.name AS hierarchy, a.name AS branch, COUNT { MATCH (a)<-[:CHILD_OF]-*(b:Account) RETURN DISTINCT b } AS accounts,
  COUNT { MATCH (a)<-[:CHILD_OF]-*(:Account)<-[:WORKS_FOR]-(p:Person) RETURN DISTINCT p } AS people
ORDER BY people DESC, hierarchy, branch
