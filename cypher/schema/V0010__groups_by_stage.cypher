// Groups are filtered by the stage where they stand.
// mode: schema
CREATE INDEX buying_group_stage IF NOT EXISTS FOR (n:BuyingGroup) ON (n.stageId, n.id);
