// The first card of those fulfilled that looks so far to that side: `seat` holds [whose, distance, side].
WITH *, CASE
  WHEN decides AND seat[2] <= 1 THEN 0
  WHEN steers AND seat[2] IN [0, 2] THEN 1
  WHEN influences AND seat[2] = 0 THEN 2
  WHEN practises AND seat[1] <= 2 THEN 3 END AS card
WHERE card IS NOT NULL
