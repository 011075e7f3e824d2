// Cuts a job into slices, each between two bounds of ids, which any number of instances work on at the same time. The
// job's own lease is over: what is left to do when no slice is left, anybody may.
// mode: write
// params: id, bounds
MATCH (j:Job {id: $id})
FOREACH (place IN range(0, size($bounds) - 2) |
  CREATE (j)-[:CUT_INTO]->(:_Slice {id: randomUUID(), place: place, after: $bounds[place], until: $bounds[place + 1]}))
SET j._leasedUntil = datetime()
