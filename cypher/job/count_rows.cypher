// Ends a batch of a job that goes through the rows of a file: what became of them.
// mode: write
// params: id, done, created, updated, rejected
MATCH (j:Job {id: $id})
SET j.rowsDone = j.rowsDone + $done, j.rowsCreated = j.rowsCreated + $created, j.rowsUpdated = j.rowsUpdated + $updated,
  j.rowsRejected = j.rowsRejected + $rejected
