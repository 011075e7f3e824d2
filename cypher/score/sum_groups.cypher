// What the next groups' members, by the groups' ids, have reached together: the sum of their scores, each times the weight of
// its role, the weights normalised over the roles that members hold. Kept as in sum_people.cypher.
// mode: write
// params: after, before, limit, chunk
// returns: last, done
MATCH (g:BuyingGroup)
WHERE g.id > $after AND g.id < $before
WITH g ORDER BY g.id LIMIT $limit
CALL (g) {
  MATCH (g)<-[m:MEMBER_OF]-(p:Person)
  WITH g, m.roleId AS role_id, sum(p.engagementScore) AS score
  MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
    -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c:RoleCard)-[:FOR_ROLE]->(:Role {id: role_id})
  WITH sum(score * c.weight) AS weighted, sum(c.weight) AS weights
  RETURN CASE WHEN weights > 0 THEN toFloat(weighted) / weights ELSE 0.0 END AS points
}
WITH g.id AS id, points ORDER BY id
WITH collect(id) AS ids, collect(points) AS points
FOREACH (i IN range(0, size(ids) - 1, $chunk) | CREATE (:_Scores {first: ids[i], ids: ids[i .. i + $chunk],
  points: points[i .. i + $chunk], top: reduce(top = 0.0, x IN points[i .. i + $chunk] | CASE WHEN x > top THEN x ELSE top END)}))
RETURN ids[-1] AS last, size(ids) AS done
