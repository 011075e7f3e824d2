// A webhook as it stands, locked. No row when there is none.
// mode: write
// params: id
// returns: status, name, url, types, interest_id, account_id, secret
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
RETURN w.status AS status, w.name AS name, w.url AS url, w.types AS types, w.interestId AS interest_id,
  w.accountId AS account_id, w.secret AS secret
