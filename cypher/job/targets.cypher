// The next accounts of an audience between two bounds, by id: those it lists, or those its rule finds. With each the account that its group
// sits at: itself, or the top of its hierarchy.
// The comments mark where graph/jobs.py chooses between the two and puts the rule.
// mode: read
// params: audience_id, after, until, limit, top
// returns: account_id, seat_id
/*listed*/
MATCH (:AccountAudience {id: $audience_id})-[:LISTS]->(a:Account)
/*listed*/
/*found*/
MATCH (a:Account)
/*found*/
WHERE a.id > $after AND a.id < $until AND (/*rule*/ true /*rule*/)
WITH a ORDER BY a.id LIMIT $limit
RETURN a.id AS account_id, CASE WHEN $top
  THEN head(COLLECT { MATCH (a)-[:CHILD_OF]->*(t:Account) WHERE NOT EXISTS { (t)-[:CHILD_OF]->(:Account) } RETURN t.id })
  ELSE a.id END AS seat_id
