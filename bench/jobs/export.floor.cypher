// The floor of the export: the groups with all that a line of the file tells, in the order of the file.
// mode: read
// returns: name, interest, account, account_key, status, stage, template, version, completeness, score, members, missing, created
MATCH (g:BuyingGroup)
WITH g ORDER BY g.name, g.id
MATCH (g)-[:FOR_ACCOUNT]->(a:Account)
MATCH (g)-[:FOR_INTEREST]->(i:SolutionInterest)-[:USES]->(t:RoleTemplate)
RETURN g.name AS name, i.name AS interest, a.name AS account, a.externalId AS account_key, g.status AS status,
  head([(g)-[:AT_STAGE]->(s:Stage) | s.name]) AS stage, t.name AS template, g.templateVersion AS version,
  g.completeness AS completeness, g.engagementScore AS score, COUNT { (g)<-[:MEMBER_OF]-() } AS members,
  COLLECT {
    MATCH (t)-[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
    WHERE COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id } < c.membersRequired
    RETURN r.name ORDER BY c.priority
  } AS missing, g.createdAt.epochMillis AS created
