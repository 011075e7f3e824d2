// Of the next `look` groups of an interest, by id, the first that are behind (or all of them, if `every`): not at the newest
// version of their template, or marked wrongly. `listed` is the right mark: whether their account is in an audience of the interest
// (for one sold to the top: still the top of a hierarchy with such an account). `after`: where to look next, null at the end.
// The comment marks where graph/maintenance.py puts the rules of the interest's dynamic audiences.
// mode: read
// params: interest_id, version, top, every, after, look, limit
// returns: groups, after
MATCH (i:SolutionInterest {id: $interest_id})
MATCH (g:BuyingGroup)
WHERE g.interestId = $interest_id AND g.id > $after
WITH i, g ORDER BY g.id LIMIT $look
WITH g, CASE
  WHEN $top THEN EXISTS {
    MATCH (home:Account {id: g.accountId}) WHERE NOT EXISTS { (home)-[:CHILD_OF]->(:Account) }
    MATCH (home)<-[:CHILD_OF]-*(a:Account) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
      OR /*rules*/ false /*rules*/ }
  ELSE EXISTS { MATCH (a:Account {id: g.accountId}) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
    OR /*rules*/ false /*rules*/ } END AS listed
ORDER BY g.id
WITH count(g) AS looked, max(g.id) AS last,
  collect(CASE WHEN $every OR g.templateVersion <> $version OR g.inAudience <> listed THEN {id: g.id, listed: listed} END) AS behind
RETURN behind[..$limit] AS groups,
  CASE WHEN size(behind) > $limit THEN behind[$limit - 1].id WHEN looked = $look THEN last END AS after
