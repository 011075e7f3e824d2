// Opens GraphiQL on this server, with a tab of queries that say something on the sample market.
const QUERIES = `# Buying Groups. Run a query with the button, or
# put the cursor into it and press Ctrl-Enter. The
# icon in the upper left opens the documentation.

# Which groups are ready, and who is missing?
query Groups {
  buyingGroups(
    first: 10
    orderBy: { field: COMPLETENESS, direction: DESC }
  ) {
    totalCount
    edges {
      node {
        name
        completeness
        missingRoles { name }
        members(first: 5) {
          edges {
            node { name email }
            role { name }
            source
            account { name }
            distance
          }
        }
      }
    }
  }
}

# A hierarchy with its people and groups.
query Hierarchies {
  accounts(first: 5, filter: { depth: { lte: 0 } }) {
    edges {
      node {
        id
        name
        descendants(maxDepth: 3) {
          edges {
            node { name depth buyingGroups { totalCount } }
          }
        }
        people(scope: DESCENDANTS) { totalCount }
      }
    }
  }
}

# What was decided, also in vain.
query Decisions {
  buyingGroups(first: 5) {
    edges {
      node {
        name
        history(first: 5) {
          edges {
            node {
              at
              actor
              source
              action
              outcome
              person { name }
              role { name }
            }
          }
        }
      }
    }
  }
}

# What happens from now on.
subscription Events {
  buyingGroupEvents {
    type
    at
    buyingGroup { name }
    person { name }
    role { name }
    previous
    current
  }
}
`;

const here = window.location;
const fetcher = GraphiQL.createFetcher({
  url: here.pathname,
  subscriptionUrl: `${here.protocol === "https:" ? "wss" : "ws"}://${here.host}${here.pathname}`,
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultEditorToolsVisibility: false, defaultQuery: QUERIES }),
);
