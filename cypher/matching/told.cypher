// Matches that were found before: rows of wanted.cypher that have a card, in the form of matches.cypher.
// mode: read
// params: wanted
// returns: group_id, p, card, distance, account_id
UNWIND $wanted AS row
MATCH (p:Person {id: row.person_id})
RETURN row.group_id AS group_id, p, row.card AS card, row.distance AS distance, row.account_id AS account_id
