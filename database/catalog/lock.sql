-- Which of these contents there are: $1 ids. In the order in which every writer takes its locks.
SELECT id FROM files WHERE id = ANY ($1) ORDER BY id FOR UPDATE
