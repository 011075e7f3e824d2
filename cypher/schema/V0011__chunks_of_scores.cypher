// A calculation of engagement that is cut into slices finds the next chunk of a slice.
// mode: schema
CREATE INDEX scores_first IF NOT EXISTS FOR (n:_Scores) ON (n.first);
