// Moves groups to their template's newest version, and marks whether their account is in an audience of the interest: `groups` has
// of each its id, and whether it is (`listed`). A group with a member whose role the newest version has no card for stays where it
// is: members whom the rules placed don't count where `follow` lets these leave. Returns the groups that follow the newest version.
// mode: write
// params: groups, version, follow
// returns: id
UNWIND $groups AS row
MATCH (g:BuyingGroup {id: row.id})-[:FOR_INTEREST]->(i:SolutionInterest)
WITH g, row.listed AS listed,
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
