// Gives a template its cards, in order of priority; a live template's version moves on by `step`.
// mode: write
// params: id, cards, step, by
MATCH (t:RoleTemplate {id: $id})
SET t.version = t.version + $step, t.updatedAt = datetime(), t.updatedBy = $by
WITH t
UNWIND range(0, size($cards) - 1) AS place
WITH t, place, $cards[place] AS card
MATCH (r:Role {id: card.roleId})
CREATE (t)-[:HAS_CARD {version: t.version}]->(c:RoleCard {id: randomUUID(), version: t.version, priority: place + 1,
  weighting: card.weighting, weight: card.weight, autoAssign: card.autoAssign,
  requiredForCompleteness: card.requiredForCompleteness, membersRequired: card.membersRequired, scope: card.scope,
  maxDistance: card.maxDistance, condition: card.condition})
CREATE (c)-[:FOR_ROLE]->(r)
