// One group with everything: account, interest, stage, roles, and its first 100 members by name.
// mode: read
// params: id
// returns: group
MATCH (g:BuyingGroup {id: $id})-[:FOR_ACCOUNT]->(a:Account)
MATCH (g)-[:FOR_INTEREST]->(i:SolutionInterest)-[:USES]->(t:RoleTemplate)
RETURN g {
  .id, .name, .status, .completeness, .engagementScore, updatedAt: toString(g.updatedAt),
  memberCount: COUNT { (g)<-[:MEMBER_OF]-() },
  account: a {.id, .name, .industry, .country},
  interest: i {.id, .name},
  stage: head([(g)-[:AT_STAGE]->(s:Stage) | s.name]),
  roles: COLLECT {
    MATCH (t)-[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    WITH c, r ORDER BY c.priority
    RETURN {name: r.name, assigned: COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id }, required: c.membersRequired}
  },
  members: COLLECT {
    MATCH (g)<-[m:MEMBER_OF]-(p:Person)
    WITH m, p ORDER BY p.name, p.id LIMIT 100
    RETURN p {.id, .name, .email, .phone, .jobTitle, .department, .city, .country, .engagementScore,
      source: m.source, assignedAt: toString(m.assignedAt), distance: m.distance, role: m.role}
  }
} AS group
