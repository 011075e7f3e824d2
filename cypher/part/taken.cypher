// Which external ids accounts and people have, wherever in the market they are.
// mode: read
// params: accounts, people
// returns: accounts, people
// sight: whole
RETURN COLLECT { MATCH (a:Account) WHERE a.externalId IN $accounts RETURN a.externalId } AS accounts,
  COLLECT { MATCH (p:Person) WHERE p.externalId IN $people RETURN p.externalId } AS people
