// What bench/reads.py asks of the API, by hand: an account's descendants three levels down, their groups, the groups' roles
// and who holds them, as one record of nested lists.
MATCH (top:Account {externalId: $key})
RETURN [top.name, COLLECT {
  MATCH (top)<-[:CHILD_OF]-{1,3}(a:Account)
  WITH a ORDER BY a.name, a.id LIMIT 100
  RETURN [a.name, COLLECT {
    MATCH (a)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
    WITH g ORDER BY g.name, g.id LIMIT 20
    RETURN [g.name, g.completeness, COLLECT {
      MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
        -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
      WITH c, r ORDER BY c.priority
      RETURN [r.name, COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id }, COLLECT {
        MATCH (g)<-[m:MEMBER_OF]-(p:Person) WHERE m.roleId = r.id
        WITH m, p ORDER BY p.name, p.id LIMIT 20
        RETURN [m.source, p.name, p.jobTitle]
      }]
    }]
  }]
}] AS answer
