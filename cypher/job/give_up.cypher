// Ends jobs with files that nobody has held for a day: whoever had the files is gone.
// mode: write
// params: kinds
MATCH (j:Job)
WHERE j.status IN ['QUEUED', 'RUNNING'] AND j.createdAt IS NOT NULL AND j.kind IN $kinds  // all that its index has
  AND coalesce(j._leasedUntil, j.createdAt) < datetime() - duration('P1D')
SET j._l = true REMOVE j._l
WITH j WHERE j.status IN ['QUEUED', 'RUNNING'] AND coalesce(j._leasedUntil, j.createdAt) < datetime() - duration('P1D')
SET j.status = 'FAILED', j.finishedAt = datetime(), j.error = 'The server that had its file is gone. Send it again.'
REMOVE j._lease, j._leasedUntil, j.cursor, j._input
