// How many accounts an audience has now. The comments are those of targets.cypher.
// mode: read
// params: audience_id
// returns: total
/*listed*/
MATCH (:AccountAudience {id: $audience_id})-[:LISTS]->(a:Account)
/*listed*/
/*found*/
MATCH (a:Account)
/*found*/
WHERE /*rule*/ true /*rule*/
RETURN count(a) AS total
