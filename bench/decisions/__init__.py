"""How many decisions about members a second, and how long each takes, from sixteen clients at once: on groups here and there,
on one group, on one person in one group; alone, and while creation jobs run. Beside @neo4j/graphql and one handwritten
transaction."""
