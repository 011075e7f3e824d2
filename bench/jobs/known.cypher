// The interest and the audience of these names, of a benchmark that was here before.
// mode: read
// params: name, audience
// returns: interest, audience
MATCH (i:SolutionInterest {name: $name})
MATCH (a:AccountAudience {name: $audience})
RETURN i.id AS interest, a.id AS audience
