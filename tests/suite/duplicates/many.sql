-- 5,000 contents by twos with the same notes, in two to four places each, beside the one that is there.
CREATE TEMPORARY TABLE made AS
SELECT number, digest, ('x' || encode(substr(digest, 1, 8), 'hex'))::bit(64)::bigint & 9223372036854775807 AS id
  FROM generate_series(1, 5000) AS number, LATERAL (SELECT sha256(number::text::bytea) AS digest) AS digested;

INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
SELECT id, digest, 100, 'clean', 0, 1 FROM made;

CREATE TEMPORARY TABLE pattern AS SELECT * FROM musical_metadata;

DO $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(quote_ident(column_name), ', ') INTO columns
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = 'musical_metadata' AND is_generated = 'NEVER'
       AND column_name NOT IN ('file_id', 'note_signature', 'transposed_signature', 'minhash', 'minhash_bands');
    EXECUTE format(
        'INSERT INTO musical_metadata (file_id, note_signature, transposed_signature, minhash, minhash_bands, %1$s)
         SELECT id, number / 2, number / 2,
                (SELECT array_agg((number / 2) * 100 + place) FROM generate_series(1, 32) AS place),
                (SELECT array_agg((number / 2) * 100 + place) FROM generate_series(1, 5) AS place), %1$s
           FROM (SELECT id, number - 1 + 2 AS number FROM made) AS made, pattern', columns);
END
$$;

INSERT INTO sources (id, path, kind, size_bytes, mtime_ns, state, entries, first_run_id)
VALUES (1, '/pack.zip', 'zip', 1, 0, 'complete', 1, 1);

INSERT INTO file_locations (source_id, entry_ordinal, file_id, run_id, entry_path, name, extension, name_encoding)
SELECT 1, number * 10 + place, id, 1, number || '/' || place || '.mid', place || '.mid', 'mid', 'utf-8'
  FROM made, generate_series(1, 2 + number % 3) AS place;

DROP TABLE made, pattern;

ANALYZE;
