// Lets the migrations' lock be a single node, however many instances start at once.
// mode: schema
CREATE CONSTRAINT migration_version IF NOT EXISTS FOR (n:_Migration) REQUIRE n.version IS UNIQUE
