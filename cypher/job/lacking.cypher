// Of the next `look` accounts of an audience between two bounds, by id, those without a group: each with the account at which it
// would sit, itself or the top of its hierarchy, and its place among the accounts looked at, from 1 on. No more than `limit`.
// `after` is where to look next, null at the end, and `done` how many accounts have been looked at up to there.
// The comments are those of targets.cypher.
// mode: read
// params: audience_id, interest_id, after, until, look, limit, top
// returns: lacking, after, done
/*listed*/
MATCH (:AccountAudience {id: $audience_id})-[:LISTS]->(a:Account)
/*listed*/
/*found*/
MATCH (a:Account)
/*found*/
WHERE a.id > $after AND a.id < $until AND (/*rule*/ true /*rule*/)
WITH a ORDER BY a.id LIMIT $look
WITH a.id AS account_id, CASE WHEN $top
  THEN head(COLLECT { MATCH (a)-[:CHILD_OF]->*(t:Account) WHERE NOT EXISTS { (t)-[:CHILD_OF]->(:Account) } RETURN t.id })
  ELSE a.id END AS seat_id
WITH account_id, seat_id, EXISTS { (:BuyingGroup {accountId: seat_id, interestId: $interest_id}) } AS there ORDER BY account_id
WITH collect([account_id, seat_id, there]) AS looked
WITH looked, [i IN range(0, size(looked) - 1) WHERE NOT looked[i][2] | looked[i][..2] + [i + 1]] AS lacking
WITH looked, lacking[..$limit] AS lacking, size(lacking) > $limit AS more
RETURN lacking, CASE WHEN more THEN lacking[-1][0] WHEN size(looked) = $look THEN looked[-1][0] END AS after,
  CASE WHEN more THEN lacking[-1][2] ELSE size(looked) END AS done
