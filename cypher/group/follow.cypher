// Moves groups to their template's newest version, and marks whether their account is still in an audience of the interest
// (for one sold to the top: still the top of a hierarchy with such an account). A group with a member whose role the newest
// version has no card for stays where it is: members whom the rules placed don't count where `follow` lets these leave.
// Returns the groups that follow the newest version. The comment marks where graph/jobs.py puts the rules of the interest's
// dynamic audiences.
// mode: write
// params: group_ids, version, top, follow
// returns: id
UNWIND $group_ids AS group_id
MATCH (g:BuyingGroup {id: group_id})-[:FOR_INTEREST]->(i:SolutionInterest)
MATCH (g)-[:FOR_ACCOUNT]->(home:Account)
WITH g, CASE
  WHEN $top THEN NOT EXISTS { (home)-[:CHILD_OF]->(:Account) }
    AND EXISTS { MATCH (home)<-[:CHILD_OF]-*(a:Account) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
      OR /*rules*/ false /*rules*/ }
  ELSE EXISTS { MATCH (a:Account {id: home.id}) WHERE EXISTS { (a)<-[:LISTS]-(:AccountAudience)<-[:TARGETS]-(i) }
    OR /*rules*/ false /*rules*/ } END AS listed,
  g.templateVersion <> $version AND EXISTS {
    MATCH (g)<-[m:MEMBER_OF]-(:Person)
    WHERE NOT ($follow AND m.source = 'SYSTEM') AND NOT EXISTS {
      MATCH (i)-[:USES]->(:RoleTemplate)-[:HAS_CARD|HAD_CARD {version: $version}]->(:RoleCard)-[:FOR_ROLE]->(r:Role)
      WHERE r.id = m.roleId }
  } AS held
WITH g, listed, CASE WHEN held THEN g.templateVersion ELSE $version END AS version
FOREACH (_ IN CASE WHEN g.templateVersion <> version OR g.inAudience <> listed THEN [1] ELSE [] END |
  SET g.templateVersion = version, g.inAudience = listed, g.updatedAt = datetime())
WITH g WHERE g.templateVersion = $version
RETURN g.id AS id ORDER BY id
