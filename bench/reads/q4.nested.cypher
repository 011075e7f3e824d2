// The answer of q4.floor.cypher as a tree: one record a group, its members in a list of maps.
// mode: read
// params: ids
// returns: id, name, members
UNWIND $ids AS id
MATCH (g:BuyingGroup {id: id})
RETURN g.id AS id, g.name AS name, COLLECT {
  MATCH (g)<-[m:MEMBER_OF]-(p:Person)
  WITH m, p ORDER BY p.name, p.id LIMIT 100
  RETURN p {.id, .externalId, .firstName, .lastName, .name, .email, .phone, .mobilePhone, .jobTitle, .department, .city, .state,
    .postalCode, .country, .emailInvalid, .engagementScore,
    source: m.source, assignedAt: toString(m.assignedAt), distance: m.distance, role: m.role}
} AS members
