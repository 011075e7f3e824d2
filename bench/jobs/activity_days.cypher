// How many days with activities of a type there are, over all people.
// mode: read
// returns: days
MATCH (p:Person)
CALL (p) {
  MATCH (p)-[:HAD_ACTIVITY]->(x:Activity)
  RETURN count(DISTINCT [x.type, x.occurredAt.epochSeconds / 86400]) AS days
}
RETURN sum(days) AS days
