INSERT INTO runs (state, mode, options, version, host)
VALUES ('running', $1, $2::jsonb, $3, $4)
RETURNING id
