"""Buying Groups over HTTP: the GraphQL schema, the application that serves it, and the command line."""
