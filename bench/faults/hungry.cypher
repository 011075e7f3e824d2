// Takes more memory than a transaction may.
// mode: read
// returns: size
UNWIND range(1, 1000000000) AS n
WITH collect(toString(n)) AS texts
RETURN size(texts) AS size
