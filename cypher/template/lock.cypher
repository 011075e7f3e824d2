// Takes a template's lock and tells how it stands: its cards with how many members hold each one's role, who uses it.
// mode: write
// params: id
// returns: name, description, status, version, interests, cards
MATCH (t:RoleTemplate {id: $id})
SET t._l = true REMOVE t._l
WITH t WHERE t.id IS NOT NULL  // else it was deleted while this waited
RETURN t.name AS name, t.description AS description, t.status AS status, t.version AS version,
  COUNT { (t)<-[:USES]-(:SolutionInterest) } AS interests,
  COLLECT {
    MATCH (t)-[:HAS_CARD]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    RETURN c {.weighting, .autoAssign, .requiredForCompleteness, .membersRequired, .scope, .maxDistance, .condition,
      roleId: r.id, role: r.name,
      members: COUNT { (t)<-[:USES]-(:SolutionInterest)<-[:FOR_INTEREST]-(:BuyingGroup)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id }} AS card
    ORDER BY c.priority
  } AS cards
