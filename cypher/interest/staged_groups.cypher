// Takes the locks of an interest's groups, in the order of their ids, and tells how many stand in a stage.
// mode: write
// params: id
// returns: staged
MATCH (:SolutionInterest {id: $id})<-[:FOR_INTEREST]-(g:BuyingGroup)
WITH g ORDER BY g.id
SET g._l = true REMOVE g._l
WITH g WHERE EXISTS { (g)-[:AT_STAGE]->(:Stage) }
RETURN count(g) AS staged
