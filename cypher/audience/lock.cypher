// Takes an audience's lock and tells how it stands.
// mode: write
// params: id
// returns: audience, account_ids, interests
MATCH (u:AccountAudience {id: $id})
SET u._l = true REMOVE u._l
WITH u WHERE u.id IS NOT NULL  // else it was deleted while this waited
RETURN u {.name, .description, .kind, .rule, .ruleSummary} AS audience,
  COLLECT { MATCH (u)-[:LISTS]->(a:Account) RETURN a.id ORDER BY a.id } AS account_ids,
  COUNT { (u)<-[:TARGETS]-(:SolutionInterest) } + COUNT { (u)<-[:FOR_AUDIENCE]-(:Job) } AS interests
