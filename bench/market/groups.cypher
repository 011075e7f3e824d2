// Makes groups as cypher/group/create.cypher, stage/move.cypher, group/recount.cypher and score/rate_groups.cypher do, with
// the numbered events of each. `filled` is how full each required role is, from 0 to 1.
// mode: write
// params: rows, by
UNWIND $rows AS row
MATCH (a:Account {id: row.account})
MATCH (i:SolutionInterest {id: row.interest})-[:USES]->(t:RoleTemplate)
WITH row, a, i, t, i.name + ' for ' + a.name AS name, datetime({epochMillis: row.at}) AS at,
  reduce(sum = 0.0, one IN row.filled | sum + 100.0 * one) / size(row.filled) AS completeness
CREATE (g:BuyingGroup {id: row.id, accountId: a.id, interestId: i.id, name: name, nameKey: toLower(trim(name)), status: row.status,
  templateVersion: t.version, inAudience: true, completeness: completeness, engagementScore: row.score,
  createdAt: at, createdBy: $by, updatedAt: at, updatedBy: $by})
CREATE (g)-[:FOR_ACCOUNT]->(a)
CREATE (g)-[:FOR_INTEREST]->(i)
CREATE (:BuyingGroupEvent {id: row.told[0], seq: row.told[1], type: 'COMPLETENESS_CHANGED', at: at, actor: $by,
  current: toString(completeness)})-[:IN]->(g)
CREATE (:BuyingGroupEvent {id: row.told[2], seq: row.told[3], type: 'ENGAGEMENT_CHANGED', at: at, actor: $by,
  current: toString(row.score)})-[:IN]->(g)
WITH g, row.moves AS moves
UNWIND range(0, size(moves) - 1) AS place
WITH g, moves, place, moves[place] AS move, datetime({epochMillis: moves[place][4]}) AS at
MATCH (s:Stage {id: move[3]})
OPTIONAL MATCH (former:Stage {id: CASE WHEN place > 0 THEN moves[place - 1][3] END})
CREATE (c:StageChange {id: move[0], at: at, actor: $by})-[:IN]->(g)
CREATE (c)-[:MOVED_TO]->(s)
CREATE (:BuyingGroupEvent {id: move[1], seq: move[2], type: 'STAGE_CHANGED', at: at, actor: $by, previous: former.name,
  current: s.name})-[:IN]->(g)
FOREACH (left IN CASE WHEN former IS NULL THEN [] ELSE [former] END | CREATE (c)-[:MOVED_FROM]->(left))
FOREACH (_ IN CASE WHEN place = size(moves) - 1 THEN [1] ELSE [] END | SET g.stageId = s.id CREATE (g)-[:AT_STAGE {since: at}]->(s))
