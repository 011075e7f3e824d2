"""The domain of buying groups over a Neo4j graph. Knows nothing of GraphQL, HTTP or the environment."""
