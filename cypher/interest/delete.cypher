// Deletes an interest that nothing uses.
// mode: write
// params: id
MATCH (i:SolutionInterest {id: $id})
DETACH DELETE i
