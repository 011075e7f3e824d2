// The engagement model that every market starts with, LIVE.
// mode: write
WITH 'system' AS by WHERE NOT EXISTS { (:EngagementModel) }
CREATE (m:EngagementModel {id: randomUUID(), name: 'Default', nameKey: 'default', status: 'LIVE',
  createdAt: datetime(), createdBy: by, updatedAt: datetime(), updatedBy: by})
WITH m, [
  ['Attend Event', 60.0],
  ['Register for Event', 60.0],
  ['Interesting Moment', 60.0],
  ['Form Filled Out', 40.0],
  ['Link Clicks', 40.0],
  ['Page Views', 40.0],
  ['Email Clicked', 30.0],
  ['Email Opened', 30.0]
] AS weights
UNWIND range(0, size(weights) - 1) AS place
CREATE (m)-[:HAS_WEIGHT]->(:ActivityWeight {activityType: weights[place][0], weight: weights[place][1], position: place + 1});
