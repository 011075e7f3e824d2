// Makes an audience list exactly these accounts.
// mode: write
// params: id, account_ids
MATCH (u:AccountAudience {id: $id})
CALL (u) {
  MATCH (u)-[lists:LISTS]->(former:Account) WHERE NOT former.id IN $account_ids
  DELETE lists
}
CALL (u) {
  UNWIND $account_ids AS account_id
  MATCH (a:Account {id: account_id})
  MERGE (u)-[:LISTS]->(a)
}
