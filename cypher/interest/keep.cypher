// Remembers since when, and by which rules, an interest's groups are as the rules want them. `empty`: only if it has none yet, for
// those that are made now will be. No row when it has some. `placed`: what is
// remembered of places (place.cypher) still holds.
// mode: write
// params: interest_id, since, rules, empty, placed
// returns: id
MATCH (i:SolutionInterest {id: $interest_id})
WHERE NOT $empty OR NOT EXISTS { (i)<-[:FOR_INTEREST]-(:BuyingGroup) }
SET i._keptSince = $since, i._keptBy = $rules, i._keptPlaces = CASE WHEN $placed THEN i._keptPlaces END
RETURN i.id AS id
