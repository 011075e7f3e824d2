// Gives a webhook another secret. The former one goes on signing beside it for a while.
// mode: write
// params: id, secret, hours, by
MATCH (w:Webhook {id: $id})
SET w.formerSecret = w.secret, w.formerSecretUntil = datetime() + duration({hours: $hours}), w.secret = $secret,
  w.revision = w.revision + 1, w.updatedAt = datetime(), w.updatedBy = $by
