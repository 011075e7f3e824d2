// An account and three levels down, at most ten children each by name, with their groups and the groups' first members.
// mode: read
// params: id
// returns: account
MATCH (a:Account {id: $id})
RETURN a {
  .id, .name, .industry,
  groups: COLLECT {
    MATCH (a)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
    WITH g ORDER BY g.name, g.id LIMIT 5
    RETURN g {.id, .name, .status, .completeness, members: COLLECT {
      MATCH (g)<-[m:MEMBER_OF]-(p:Person)
      WITH m, p ORDER BY p.name, p.id LIMIT 5
      RETURN p {.id, .name, .jobTitle, source: m.source, role: m.role}
    }}
  },
  children: COLLECT {
    MATCH (a)<-[:CHILD_OF]-(b:Account)
    WITH b ORDER BY b.name, b.id LIMIT 10
    RETURN b {
      .id, .name, .industry,
      groups: COLLECT {
        MATCH (b)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
        WITH g ORDER BY g.name, g.id LIMIT 5
        RETURN g {.id, .name, .status, .completeness, members: COLLECT {
          MATCH (g)<-[m:MEMBER_OF]-(p:Person)
          WITH m, p ORDER BY p.name, p.id LIMIT 5
          RETURN p {.id, .name, .jobTitle, source: m.source, role: m.role}
        }}
      },
      children: COLLECT {
        MATCH (b)<-[:CHILD_OF]-(c:Account)
        WITH c ORDER BY c.name, c.id LIMIT 10
        RETURN c {
          .id, .name, .industry,
          groups: COLLECT {
            MATCH (c)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
            WITH g ORDER BY g.name, g.id LIMIT 5
            RETURN g {.id, .name, .status, .completeness, members: COLLECT {
              MATCH (g)<-[m:MEMBER_OF]-(p:Person)
              WITH m, p ORDER BY p.name, p.id LIMIT 5
              RETURN p {.id, .name, .jobTitle, source: m.source, role: m.role}
            }}
          },
          children: COLLECT {
            MATCH (c)<-[:CHILD_OF]-(d:Account)
            WITH d ORDER BY d.name, d.id LIMIT 10
            RETURN d {
              .id, .name, .industry,
              groups: COLLECT {
                MATCH (d)<-[:FOR_ACCOUNT]-(g:BuyingGroup)
                WITH g ORDER BY g.name, g.id LIMIT 5
                RETURN g {.id, .name, .status, .completeness, members: COLLECT {
                  MATCH (g)<-[m:MEMBER_OF]-(p:Person)
                  WITH m, p ORDER BY p.name, p.id LIMIT 5
                  RETURN p {.id, .name, .jobTitle, source: m.source, role: m.role}
                }}
              }
            }
          }
        }
      }
    }
  }
} AS account
