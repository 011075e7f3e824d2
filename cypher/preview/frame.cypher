// What a preview is about, as far as it exists: the interest, the template whose cards judge (the one given, else the
// interest's), the audiences (the one given, else the interest's), the names of roles; and if roles are named, which others of
// the live template's cards have members.
// mode: read
// params: interest_id, template_id, audience_id, role_ids
// returns: interest, selling_level, template, cards, audience, audiences, roles, in_use
OPTIONAL MATCH (i:SolutionInterest {id: $interest_id})
OPTIONAL MATCH (t:RoleTemplate)
WHERE t.id = $template_id OR ($template_id IS NULL AND EXISTS { (i)-[:USES]->(t) })
OPTIONAL MATCH (u:AccountAudience {id: $audience_id})
RETURN i IS NOT NULL AS interest, i.sellingLevel AS selling_level, t IS NOT NULL AS template,
  COLLECT {
    MATCH (t)-[:HAS_CARD]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    RETURN c {.id, .autoAssign, .scope, .maxDistance, .condition, roleId: r.id, role: r.name} AS card ORDER BY c.priority
  } AS cards, u IS NOT NULL AS audience,
  COLLECT {
    MATCH (x:AccountAudience)
    WHERE x = u OR ($audience_id IS NULL AND EXISTS { (i)-[:TARGETS]->(x) })
    RETURN x {.id, .rule} AS audience ORDER BY x.id
  } AS audiences,
  COLLECT { MATCH (r:Role) WHERE r.id IN $role_ids RETURN [r.id, r.name] } AS roles,
  COLLECT {
    MATCH (t WHERE t.status = 'LIVE')-[:HAS_CARD]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    WHERE size($role_ids) > 0 AND NOT r.id IN $role_ids
    WITH c, r, COUNT {
      (t)<-[:USES]-(:SolutionInterest)<-[:FOR_INTEREST]-(:BuyingGroup)<-[m:MEMBER_OF]-(:Person) WHERE m.roleId = r.id
    } AS members
    WHERE members > 0
    RETURN [r.id, members] AS held ORDER BY c.priority
  } AS in_use
