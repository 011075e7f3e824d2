// What the server is. Procedures of the server itself count as schema.
// mode: schema
// returns: name, version, edition
CALL dbms.components() YIELD name, versions, edition
RETURN name, versions[0] AS version, edition ORDER BY name = 'Neo4j Kernel' DESC LIMIT 1
