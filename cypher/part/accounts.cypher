// The accounts with these external ids.
// mode: read
// params: external_ids
// returns: external_id, id
MATCH (a:Account)
WHERE a.externalId IN $external_ids
RETURN a.externalId AS external_id, a.id AS id
