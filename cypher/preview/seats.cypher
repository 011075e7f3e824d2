// Which of the accounts have a group of the interest.
// mode: read
// params: interest_id, account_ids
// returns: account_id, group_id
UNWIND $account_ids AS account_id
MATCH (g:BuyingGroup {accountId: account_id, interestId: $interest_id})
RETURN account_id, g.id AS group_id
