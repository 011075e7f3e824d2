// Remembers by which audiences, as they were then, none of an interest's groups was lacking or behind.
// mode: write
// params: interest_id, places
MATCH (i:SolutionInterest {id: $interest_id})
SET i._keptPlaces = $places
