// Notes that a migration is in.
// mode: write
// params: version, name
MERGE (m:_Migration {version: $version}) ON CREATE SET m.name = $name, m.appliedAt = datetime()
