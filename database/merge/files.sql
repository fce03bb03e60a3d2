-- The primary key decides what is new; RETURNING counts it (a command tag may not tell the truth on a distributed table).
INSERT INTO files
SELECT * FROM staging_files ORDER BY id
ON CONFLICT (id) DO NOTHING
RETURNING id
