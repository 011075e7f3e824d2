// Forgets what a calculation that was not finished has kept.
// mode: write
MATCH (s:_Scores)
DELETE s
