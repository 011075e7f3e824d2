// All people, in order, each [external id, job title].
// mode: read
// returns: people
MATCH (p:Person)
WITH p ORDER BY p.externalId
RETURN collect([p.externalId, p.jobTitle]) AS people
