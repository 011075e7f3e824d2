// After a persona was renamed: the conditions that ask for it say its new name.
// mode: write
// params: cards
UNWIND $cards AS card
MATCH (c:RoleCard {id: card.id})
SET c.condition = card.condition
