// Some people as an import leaves them, in order, with their accounts and what they did.
// mode: read
// params: after, limit
// returns: key, properties, accounts, activities
MATCH (p:Person)
WHERE p.externalId > $after
WITH p ORDER BY p.externalId LIMIT $limit
RETURN p.externalId AS key, [p.firstName, p.lastName, p.name, p.nameKey, p.jobTitle, p.department, p.email, p.phone, p.mobilePhone,
  p.city, p.state, p.postalCode, p.country, p.emailSuspended, p.emailInvalid, p.id IS NOT NULL, p.createdAt IS NOT NULL] AS properties,
  COLLECT { MATCH (p)-[w:WORKS_FOR]->(a:Account) RETURN [a.externalId, w.relationship] ORDER BY a.externalId } AS accounts,
  COLLECT { MATCH (p)-[:HAD_ACTIVITY]->(x:Activity) RETURN [x.activityId, x.type, x.occurredAt.epochMillis] ORDER BY x.activityId }
    AS activities
