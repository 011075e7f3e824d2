// The LIVE engagement model's weights of the activities that occurred in the window, which is given in seconds since 1970:
// moments themselves compare by their offset, too, when they are the same moment. Those in the index only narrow the search.
// mode: read
// params: since, until
// returns: type, weight
MATCH (:EngagementModel {status: 'LIVE'})-[:HAS_WEIGHT]->(w:ActivityWeight)
WHERE w.weight > 0 AND EXISTS {
  MATCH (x:Activity)
  WHERE x.type = w.activityType
    AND x.occurredAt > datetime({epochSeconds: $since - 1}) AND x.occurredAt < datetime({epochSeconds: $until + 1})
    AND x.occurredAt.epochSeconds >= $since AND x.occurredAt.epochSeconds < $until
}
RETURN w.activityType AS type, w.weight AS weight
