// Lets one transaction at a time decide which engagement model is LIVE.
// mode: write
MERGE (l:_Lock {name: 'engagement model'})
SET l._l = true REMOVE l._l
