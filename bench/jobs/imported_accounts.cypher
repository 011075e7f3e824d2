// Some accounts as an import leaves them, in order, with their parent and what they own.
// mode: read
// params: after, limit
// returns: key, properties, parent, owned
MATCH (a:Account)
WHERE a.externalId > $after
WITH a ORDER BY a.externalId LIMIT $limit
RETURN a.externalId AS key, [a.name, a.nameKey, a.type, a.industry, a.annualRevenue, a.employeeCount, a.city, a.state, a.country,
  a.website, a.id IS NOT NULL, a.createdAt IS NOT NULL] AS properties,
  head([(a)-[:CHILD_OF]->(parent:Account) | parent.externalId]) AS parent,
  COLLECT { MATCH (a)-[o:OWNS]->(p:Product) RETURN [p.externalId, p.name, o.revenue, o.since] ORDER BY p.externalId } AS owned
