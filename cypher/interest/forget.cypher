// Forgets since when an interest's groups are as the rules want them: the next maintenance looks at all.
// mode: write
// params: interest_id
MATCH (i:SolutionInterest {id: $interest_id})
REMOVE i._keptSince, i._keptBy
