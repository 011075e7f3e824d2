// Gives a template its cards, in order of priority; a live template's version moves on by `step`. A card's `personas` are the
// folded names of those it asks for.
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
WITH c, card
UNWIND card.personas AS key
MATCH (x:Persona {nameKey: key})
CREATE (c)-[:ASKS_FOR]->(x)
