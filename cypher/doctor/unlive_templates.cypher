// Interests whose template is not LIVE
// mode: read
// returns: what
MATCH (i:SolutionInterest)
WHERE COUNT { (i)-[:USES]->(:RoleTemplate {status: 'LIVE'}) } <> 1
RETURN i.name + ' does not use exactly one LIVE role template (' + i.id + ')' AS what
