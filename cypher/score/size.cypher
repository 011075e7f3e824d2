// How much there is to calculate: how many people and groups, and the highest of the sums that are kept in chunks, if any are.
// mode: read
// returns: people, groups, top
RETURN COUNT { (:Person) } AS people, COUNT { (:BuyingGroup) } AS groups,
  head(COLLECT { MATCH (s:_Scores) RETURN max(s.top) }) AS top
