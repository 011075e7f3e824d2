// How large the market is.
// mode: read
// returns: accounts, people, groups
RETURN COUNT { (:Account) } AS accounts, COUNT { (:Person) } AS people, COUNT { (:BuyingGroup) } AS groups
