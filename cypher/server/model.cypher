// What leads to what in the graph as it is, and with which properties; what is technical is left out.
// mode: read
// returns: start, kind, end, properties
// sight: whole
MATCH (a)-[r]->(b)
WITH DISTINCT labels(a) AS ones, type(r) AS kind, labels(b) AS others, keys(r) AS names
UNWIND [one IN ones WHERE NOT one STARTS WITH '_'] AS start
UNWIND [one IN others WHERE NOT one STARTS WITH '_'] AS end
UNWIND (CASE names WHEN [] THEN [NULL] ELSE names END) AS name
WITH start, kind, end, name ORDER BY name
RETURN start, kind, end, collect(DISTINCT name) AS properties ORDER BY start, kind, end
