// Stuck groups: those that lack people, at no last stage, and since when nothing happened; the longest first
// mode: read
// returns: group, stage, completeness, lacks, lastChange
MATCH (g:BuyingGroup)
OPTIONAL MATCH (g)-[:AT_STAGE]->(s:Stage)
WITH g, s WHERE g.completeness < 100 AND s.outcome IS NULL
RETURN g.name AS group, s.name AS stage, toInteger(round(g.completeness)) AS completeness,
  COLLECT {
    MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
      -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
    WHERE COUNT { (g)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id } < c.membersRequired
    RETURN r.name ORDER BY c.priority
  } AS lacks,
  toString(date(COLLECT { MATCH (g)<-[:IN]-(e:BuyingGroupEvent) RETURN e.at ORDER BY e.at DESC LIMIT 1 }[0])) AS lastChange
ORDER BY lastChange, completeness, group
