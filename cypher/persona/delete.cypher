// Deletes a persona that no card in use asks for. `cards` counts those that do: cards of a template as it stands, and
// cards of an older version that groups still follow.
// mode: write
// params: id
// returns: cards
MATCH (x:Persona {id: $id})
WITH x, COUNT {
  MATCH (x)<-[:ASKS_FOR]-(:RoleCard)<-[has:HAS_CARD|HAD_CARD]-(t:RoleTemplate)
  WHERE type(has) = 'HAS_CARD'
    OR EXISTS { (t)<-[:USES]-(:SolutionInterest)<-[:FOR_INTEREST]-(g:BuyingGroup) WHERE g.templateVersion = has.version }
} AS cards
FOREACH (_ IN CASE cards WHEN 0 THEN [1] ELSE [] END | DETACH DELETE x)
RETURN cards
