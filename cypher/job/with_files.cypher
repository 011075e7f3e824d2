// Those of some jobs that have files: how they stand, whose they are, and for how many seconds they have ended.
// mode: read
// params: ids
// returns: id, kind, status, owner, ended_for
MATCH (j:Job)
WHERE j.id IN $ids AND j._owner IS NOT NULL
RETURN j.id AS id, j.kind AS kind, j.status AS status, j._owner AS owner,
  duration.inSeconds(j.finishedAt, datetime()).seconds AS ended_for
