// Not exactly one LIVE engagement model
// mode: read
// returns: what
WITH COUNT { (:EngagementModel {status: 'LIVE'}) } AS live
WHERE live <> 1
RETURN toString(live) + ' engagement models are LIVE' AS what
