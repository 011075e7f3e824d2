// The peer: what @neo4j/graphql makes of schema.graphql, on Apollo Server, in one Node process.
// Takes PORT and, to reach the graph, NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD.
import { readFileSync } from "node:fs";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { Neo4jGraphQL } from "@neo4j/graphql";
import { GraphQLScalarType } from "graphql";
import neo4j from "neo4j-driver";

const { PORT, NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD } = process.env;

const Moment = new GraphQLScalarType({
  name: "Moment",
  serialize: (value) => value.toStandardDate().toISOString(),
  parseValue: (text) => neo4j.types.DateTime.fromStandardDate(new Date(text)),
});
const typeDefs = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");
const driver = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USERNAME, NEO4J_PASSWORD));
const schema = await new Neo4jGraphQL({ typeDefs, driver, resolvers: { Moment } }).getSchema();
await startStandaloneServer(new ApolloServer({ schema }), {
  listen: { host: "127.0.0.1", port: Number(PORT) },
  context: async () => ({ sessionConfig: { database: "neo4j" } }),
});
