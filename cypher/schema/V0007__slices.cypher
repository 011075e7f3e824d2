// Slices of jobs are found by their id.
// mode: schema
CREATE CONSTRAINT slice_id IF NOT EXISTS FOR (n:_Slice) REQUIRE n.id IS UNIQUE;
