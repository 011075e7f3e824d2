// Which cards of setup.py a person `p` fulfils through a relation `w`; persons who fulfil none are left out.
WITH *, toLower(trim(coalesce(w.title, p.jobTitle))) AS title, w.relationship AS relationship
WITH *,
  title STARTS WITH 'chief' OR title STARTS WITH 'vp' OR title STARTS WITH 'vice president'
    OR title IN ['cio', 'geschäftsführer'] OR title STARTS WITH 'directeur' AS decides,
  relationship = 'EMPLOYEE' AND (title CONTAINS 'board' OR title CONTAINS 'vorstand' OR title CONTAINS 'conseil')
    AND NOT coalesce(toLower(trim(p.department)) = 'legal', false) AS steers,
  title STARTS WITH 'director' OR title STARTS WITH 'head of' OR title STARTS WITH 'leiter'
    OR title STARTS WITH 'responsable' OR title CONTAINS 'architect' AS influences,
  toLower(trim(p.department)) IN ['it', 'security'] AND (title CONTAINS 'engineer' OR title CONTAINS 'ingénieur'
    OR title CONTAINS 'ingeniero' OR title CONTAINS 'entwickler' OR title CONTAINS 'administrator'
    OR title CONTAINS 'analyst') AS practises
WHERE decides OR steers OR influences OR practises
