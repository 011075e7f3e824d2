// Takes a webhook to work on, if it is on and no other instance works on it. No row otherwise.
// mode: write
// params: id, lease, seconds
// returns: url, secret, former_secret, former_until, types, interest_id, account_id, cursor, acknowledged, revision, failing_since, failing_seq
MATCH (w:Webhook {id: $id})
SET w._l = true REMOVE w._l
WITH w WHERE w.status = 'ENABLED' AND coalesce(w._leasedUntil <= datetime(), true)
SET w._lease = $lease, w._leasedUntil = datetime() + duration({seconds: $seconds})
RETURN w.url AS url, w.secret AS secret, w.formerSecret AS former_secret, w.formerSecretUntil.epochMillis AS former_until,
  w.types AS types, w.interestId AS interest_id, w.accountId AS account_id, w.cursor AS cursor, w.acknowledged AS acknowledged,
  w.revision AS revision, w.failingSince.epochMillis AS failing_since, w.failingSeq AS failing_seq
