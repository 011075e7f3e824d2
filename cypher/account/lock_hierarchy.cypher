// Lets one transaction at a time change the hierarchy, so that no two together close a circle.
// mode: write
MERGE (l:_Lock {name: 'hierarchy'})
SET l._l = true REMOVE l._l
