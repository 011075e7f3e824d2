// The next groups of an interest at an account and everywhere below it, by id, and which of them follow a version of its template.
// mode: read
// params: interest_id, account_id, version, after, limit
// returns: id, current
MATCH (:Account {id: $account_id})<-[:CHILD_OF]-*(home:Account)
MATCH (g:BuyingGroup {accountId: home.id, interestId: $interest_id})
WHERE g.id > $after
RETURN g.id AS id, g.templateVersion = $version AS current ORDER BY id LIMIT $limit
