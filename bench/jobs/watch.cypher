// How a job stands, for who times it: moments in milliseconds since 1970, whether groups are all made and filled, and what it
// did to members.
// mode: read
// params: id
// returns: status, started, ended, grouped, changed, error
MATCH (j:Job {id: $id})
RETURN j.status AS status, j.startedAt.epochMillis AS started, j.finishedAt.epochMillis AS ended,
  j.finishedAt IS NOT NULL OR coalesce(j.cursor CONTAINS '"score"', false) AS grouped,
  j.membersAdded + j.membersRemoved + j.rolesChanged AS changed, j.error AS error
