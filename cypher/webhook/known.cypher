// Whether the interest and the account that a webhook is to be bound to exist; null where none is named.
// mode: read
// params: interest_id, account_id
// returns: interest, account
RETURN CASE WHEN $interest_id IS NOT NULL THEN EXISTS { (:SolutionInterest {id: $interest_id}) } END AS interest,
  CASE WHEN $account_id IS NOT NULL THEN EXISTS { (:Account {id: $account_id}) } END AS account
