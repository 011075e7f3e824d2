// Puts accounts under other parents, or (with null) at the top. Returns those that stood elsewhere before.
// mode: write
// params: rows, by
// returns: external_id
UNWIND $rows AS row
MATCH (a:Account {externalId: row.externalId})
OPTIONAL MATCH (a)-[up:CHILD_OF]->(former:Account)
OPTIONAL MATCH (parent:Account {externalId: row.parentExternalId})
WITH a, up, former, parent WHERE coalesce(former <> parent, (former IS NULL) <> (parent IS NULL))
DELETE up
FOREACH (_ IN CASE WHEN parent IS NULL THEN [] ELSE [1] END | CREATE (a)-[:CHILD_OF]->(parent))
SET a.updatedAt = datetime(), a.updatedBy = $by
// Maintenance looks at what moved along; where there is nothing yet, nothing did.
FOREACH (_ IN CASE WHEN EXISTS { (a)<-[:CHILD_OF|WORKS_FOR|FOR_ACCOUNT]-() } THEN [1] ELSE [] END | SET a._movedAt = timestamp())
RETURN a.externalId AS external_id
