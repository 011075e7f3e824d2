// Of the next `look` accounts of an audience between two bounds, by id, the accounts at which a group is lacking: themselves, or the
// tops of their hierarchies. Of no more than `limit` accounts; `after` is where to look next, null at the end, and `done` how many
// accounts that are.
// The comments are those of targets.cypher.
// mode: read
// params: audience_id, interest_id, after, until, look, limit, top
// returns: seats, after, done
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
WITH collect(account_id) AS looked, collect(CASE WHEN NOT there THEN [account_id, seat_id] END) AS lacking
WITH looked, lacking[..$limit] AS some,
  CASE WHEN size(lacking) > $limit THEN lacking[$limit - 1][0] WHEN size(looked) = $look THEN looked[-1] END AS after
RETURN COLLECT { UNWIND some AS one RETURN DISTINCT one[1] AS seat ORDER BY seat } AS seats, after,
  size([one IN looked WHERE after IS NULL OR one <= after]) AS done
