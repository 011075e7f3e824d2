// API keys are told apart by the id that stands in the key itself, and listed by when they were made.
// mode: schema
CREATE CONSTRAINT key_id IF NOT EXISTS FOR (n:_Key) REQUIRE n.id IS UNIQUE;
CREATE INDEX key_created IF NOT EXISTS FOR (n:_Key) ON (n.createdAt, n.id);
