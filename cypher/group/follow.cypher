// Moves groups to their template's newest version, and marks whether their account is still in an audience of the interest.
// The comment marks where graph/jobs.py puts the rules of the interest's dynamic audiences.
// mode: write
// params: group_ids, version, top
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})-[:FOR_INTEREST]->(i:SolutionInterest)
MATCH (g)-[:FOR_ACCOUNT]->(home:Account)
WITH g, CASE WHEN $top
  THEN EXISTS { MATCH (home)<-[:CHILD_OF]-*(a:Account) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
    OR /*rules*/ false /*rules*/ }
  ELSE EXISTS { MATCH (a:Account {id: home.id}) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
    OR /*rules*/ false /*rules*/ } END AS listed
WHERE g.templateVersion <> $version OR g.inAudience <> listed
SET g.templateVersion = $version, g.inAudience = listed, g.updatedAt = datetime()
