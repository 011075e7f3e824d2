// Empties a market: accounts, people, products, activities.
// mode: write
MATCH (n:Account|Person|Product|Activity)
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 2000 ROWS
