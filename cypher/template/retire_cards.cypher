// Before a template's cards are replaced: a draft's go, a live one's stay for the groups that follow that version.
// mode: write
// params: id
MATCH (t:RoleTemplate {id: $id})-[has:HAS_CARD]->(c:RoleCard)
FOREACH (_ IN CASE WHEN t.status = 'LIVE' THEN [1] ELSE [] END | CREATE (t)-[:HAD_CARD {version: has.version}]->(c) DELETE has)
FOREACH (_ IN CASE WHEN t.status = 'LIVE' THEN [] ELSE [1] END | DETACH DELETE c)
