// Jobs that nobody works on any more
// mode: read
// returns: what
MATCH (j:Job {status: 'RUNNING'})
WHERE j._leasedUntil < datetime() - duration('PT5M')
RETURN j.kind + ' job ' + j.id + ' runs, but no instance has held it since ' + toString(j._leasedUntil) AS what
