// The ids of what has an external id or, like roles, interests, stages and groups, a name of its own.
// mode: read
// returns: name, id
MATCH (n:Account|Person|Product|Role|SolutionInterest|Stage|BuyingGroup)
RETURN coalesce(n.externalId, n.name) AS name, n.id AS id
