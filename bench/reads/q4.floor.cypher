// Groups, each with its first 100 members by name, twenty fields a member: a table, one record a member.
// mode: read
// params: ids
// returns: groupId, group, id, externalId, firstName, lastName, name, email, phone, mobilePhone, jobTitle, department, city, state, postalCode, country, emailInvalid, engagementScore, source, assignedAt, distance, role
UNWIND $ids AS one
MATCH (g:BuyingGroup {id: one})
CALL (g) {
  MATCH (g)<-[m:MEMBER_OF]-(p:Person)
  RETURN m, p ORDER BY p.name, p.id LIMIT 100
}
RETURN g.id AS groupId, g.name AS group,
  p.id AS id, p.externalId AS externalId, p.firstName AS firstName, p.lastName AS lastName, p.name AS name, p.email AS email,
  p.phone AS phone, p.mobilePhone AS mobilePhone, p.jobTitle AS jobTitle, p.department AS department, p.city AS city,
  p.state AS state, p.postalCode AS postalCode, p.country AS country, p.emailInvalid AS emailInvalid,
  p.engagementScore AS engagementScore, m.source AS source, toString(m.assignedAt) AS assignedAt, m.distance AS distance,
  m.role AS role
