// What maintenance looks for: people and decisions about them, and accounts that moved, since it looked last.
// mode: schema
CREATE INDEX person_touched IF NOT EXISTS FOR (n:Person) ON (n._touchedAt, n.id);
CREATE INDEX account_moved IF NOT EXISTS FOR (n:Account) ON (n._movedAt, n.id);
