// Gives a slice's lease back, so that another instance may go on at once.
// mode: write
// params: id, lease
MATCH (s:_Slice {id: $id})
SET s._l = true REMOVE s._l
WITH s WHERE s._lease = $lease
SET s._leasedUntil = datetime()
