// Changes a webhook. Whoever works on it begins anew, for its revision is another.
// mode: write
// params: id, webhook, by
MATCH (w:Webhook {id: $id})
SET w += $webhook, w.revision = w.revision + 1, w.updatedAt = datetime(), w.updatedBy = $by
