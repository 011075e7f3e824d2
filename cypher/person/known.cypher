// Which people exist, by external id.
// mode: read
// params: external_ids
// returns: known
MATCH (p:Person) WHERE p.externalId IN $external_ids
RETURN collect(p.externalId) AS known
