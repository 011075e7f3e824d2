// Whether the parts of a creation exist.
// mode: read
// params: interest_id, audience_id
// returns: interest, audience
RETURN EXISTS { (:SolutionInterest {id: $interest_id}) } AS interest, EXISTS { (:AccountAudience {id: $audience_id}) } AS audience
