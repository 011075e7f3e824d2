// Which accounts exist, by external id; takes their locks, for accounts are locked before people everywhere.
// mode: write
// params: external_ids
// returns: known
// sight: narrowed
UNWIND $external_ids AS external_id
MATCH (a:Account {externalId: external_id})
SET a._l = true REMOVE a._l
RETURN collect(external_id) AS known
