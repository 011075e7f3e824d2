// What a job needs to know of its interest: where its groups sit, by which cards they are filled, whom it is sold to; since when (in
// milliseconds since 1970, as `now`) and by which rules its groups are as the rules want them, and in which places none was
// lacking; and when a group of it was deleted last.
// mode: read
// params: interest_id
// returns: name, selling_level, follow, version, cards, required, audiences, lost, kept_since, kept_by, kept_places, now
MATCH (i:SolutionInterest {id: $interest_id})-[:USES]->(t:RoleTemplate)
RETURN i.name AS name, i.sellingLevel AS selling_level, i.updateExistingBuyingGroups AS follow, t.version AS version,
  COLLECT {
    MATCH (t)-[:HAS_CARD]->(c:RoleCard)-[:FOR_ROLE]->(r:Role)
    RETURN c {.autoAssign, .scope, .maxDistance, .condition, roleId: r.id, role: r.name} AS card ORDER BY c.priority
  } AS cards,
  COLLECT {
    MATCH (t)-[:HAS_CARD]->(c:RoleCard {requiredForCompleteness: true})-[:FOR_ROLE]->(r:Role)
    RETURN [r.id, c.membersRequired] ORDER BY c.priority
  } AS required,
  COLLECT {
    MATCH (i)-[targets:TARGETS]->(u:AccountAudience)
    RETURN u {.id, .rule, entryStageId: targets.entryStageId, changed: toString(u.updatedAt)} AS audience ORDER BY u.id
  } AS audiences, toString(i._lostAt) AS lost, i._keptSince AS kept_since, i._keptBy AS kept_by,
  i._keptPlaces AS kept_places, timestamp() AS now
