//! No text of any length or content may make an index refuse a row, for one hostile file would stop its whole batch.

use super::{indexed, run, texts};

/// Texts that broke indexes elsewhere: (what, SQL that makes it).
const TEXTS: &[(&str, &str)] = &[
    (
        "a long word that cannot be compressed",
        "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 5000) n)",
    ),
    ("many different words", "(SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 4000) n)"),
    (
        "one-letter words of four bytes, the worst ratio of tsvector to text",
        "(SELECT string_agg(chr(131072 + n % 42000), ' ') FROM generate_series(1, 51000) n)",
    ),
    (
        "compound words, indexed whole and in parts",
        "(SELECT string_agg(chr(131072 + n % 42000) || '-' || chr(131072 + n / 7 % 42000), ' ')
            FROM generate_series(1, 26000) n)",
    ),
    (
        "addresses, indexed whole, by host and by path",
        "(SELECT string_agg('a' || n || '.de/' || n, ' ') FROM generate_series(1, 9000) n)",
    ),
    ("four-byte letters without end", "repeat(chr(131072), 110000)"),
    ("nothing", "''"),
];

#[tokio::test]
async fn any_text_is_taken() {
    let database = indexed().await;
    let pool = &database.pool;
    run(
        pool,
        "INSERT INTO runs (state, mode, options, version, host) VALUES ('running', 'fast', '{}', '1', 'a')",
    )
    .await;
    let columns = texts(
        pool,
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
          WHERE attrelid = 'musical_metadata'::regclass AND attnum > 0 AND attgenerated = ''",
    )
    .await
    .concat();
    for (number, (what, text)) in TEXTS.iter().enumerate() {
        let insert = format!(
            "WITH hostile AS (SELECT {text} AS t), source AS (
                 INSERT INTO sources (id, path, kind, size_bytes, mtime_ns, state, first_run_id)
                 SELECT {number}, t, 'midi', 1, -9223372036854775808, 'loading', 1 FROM hostile),
             file AS (
                 INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
                 VALUES ({number}, decode(repeat('00', 32), 'hex'), 2147483647, 'partial', -1, 1)),
             location AS (
                 INSERT INTO file_locations
                        (source_id, entry_ordinal, file_id, run_id, entry_path, name, extension, name_encoding,
                         name_bpm, name_key, name_artist, name_title)
                 SELECT {number}, 0, {number}, 1, t, t, left(t, 16), 'big5', 'NaN', 'Am', t, t FROM hostile)
             INSERT INTO musical_metadata ({columns})
             SELECT {columns} FROM (SELECT (jsonb_populate_record(NULL::musical_metadata, columns || extremes)).*
               FROM hostile,
                    (SELECT jsonb_object_agg(attname, CASE atttypid::regtype::text
                                WHEN 'boolean' THEN 'true' WHEN 'text' THEN 'null' WHEN 'text[]' THEN '[]'
                                WHEN 'smallint[]' THEN '[0, 127]' WHEN 'integer[]' THEN '[-2147483648, 2147483647]'
                                WHEN 'real[]' THEN '[0, 1]' ELSE '0' END::jsonb) AS columns
                       FROM pg_attribute
                      WHERE attrelid = 'musical_metadata'::regclass AND attnum > 0 AND attgenerated = '') AS every,
                    LATERAL (SELECT jsonb_build_object(
                                'file_id', {number}, 'pitch_min', 127, 'pitch_max', 0, 'n_notes', 2147483647,
                                'analysis', 'full', 'title', t, 'artist', t, 'copyright', t, 'lyrics', t, 'lyrics_language', t,
                                'text', translate(t, '0123456789', 'abcdefghij'), 'track_names', jsonb_build_array(t),
                                'instrument_names', jsonb_build_array(t), 'markers', jsonb_build_array(t)) AS extremes) AS e)
                 AS found"
        );
        let inserted = sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(pool).await;
        assert!(inserted.is_ok(), "{what}: {:?}", inserted.err());
    }
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM musical_metadata").fetch_one(pool).await.unwrap();
    assert_eq!(stored, i64::try_from(TEXTS.len()).unwrap());
}
