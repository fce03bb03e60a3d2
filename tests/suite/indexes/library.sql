-- A library of 100,000 contents, deterministic: the same rows on every server. Shares and shapes follow real
-- collections: four fifths General MIDI songs, the rest solo piano, single lines, drums and loops.

INSERT INTO runs (state, mode, options, version, host)
SELECT 'finished', 'fast', '{}', '0.1.0', 'example' FROM generate_series(1, 40);

-- 97,000 loose files and 3,000 archives.
INSERT INTO sources (id, path, kind, size_bytes, mtime_ns, state, entries, not_midi, first_run_id)
SELECT n,
       '/music/midi/artist ' || (hashint4extended(n, 1) & 1023) || '/' || CASE WHEN n > 97000 THEN 'pack ' || n || '.zip'
            ELSE 'song ' || n || '.mid' END,
       CASE WHEN n <= 97000 THEN 'midi' WHEN n % 9 = 0 THEN 'tar.gz' ELSE 'zip' END,
       CASE WHEN n <= 97000 THEN 2000 + (hashint4extended(n, 2) & 65535)
            ELSE 50000 + (hashint4extended(n, 2) & 67108863) END,
       (757382400 + (hashint4extended(n, 3) & 1073741823)) * 1000000000,
       CASE WHEN (hashint4extended(n, 4) & 255) = 0 THEN 'failed' ELSE 'complete' END,
       CASE WHEN n <= 97000 THEN 1 ELSE 2 + (hashint4extended(n, 5) & 1023) END,
       CASE WHEN n <= 97000 THEN 0 ELSE (hashint4extended(n, 6) & 15) END,
       1 + (n - 1) / 2500
  FROM generate_series(1, 100000) AS n;

INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id)
SELECT n::bigint * 92233720368547,
       decode(md5(n::text) || md5((-n)::text), 'hex'),
       (800 + exp(7 + 5 * ((hashint4extended(n, 10) & 65535) / 65536.0)))::integer,
       CASE WHEN d = 0 THEN 'partial' WHEN d < 10 THEN 'repaired' ELSE 'clean' END,
       CASE WHEN d < 30 THEN (1 << (hashint4extended(n, 11) & 7)::integer) | (1 << (hashint4extended(n, 12) & 15)::integer)
            ELSE 0 END,
       1 + (n - 1) / 2500
  FROM generate_series(1, 100000) AS n
 CROSS JOIN LATERAL (SELECT (hashint4extended(n, 13) & 1023) AS d) AS damage;

-- Each loose file is a place; 30,000 more lie in archives, most of them copies of a loose one.
INSERT INTO file_locations (source_id, entry_ordinal, file_id, run_id, entry_path, name, extension, name_encoding)
SELECT CASE WHEN n <= 97000 THEN n ELSE 97001 + (n - 97001) / 10 END,
       CASE WHEN n <= 97000 THEN 0 ELSE (n - 97001) % 10 END,
       CASE WHEN n <= 100000 THEN n ELSE 1 + (hashint4extended(n, 20) & 65535) END::bigint * 92233720368547,
       1 + (least(n, 100000) - 1) / 2500,
       CASE WHEN n > 97000 THEN (ARRAY['Rock', 'Jazz', 'Classical', 'Pop'])[1 + n % 4]
            || '/artist ' || (hashint4extended(n, 21) & 127) || '/' || name END,
       name,
       extension,
       CASE (hashint4extended(n, 22) & 255) WHEN 0 THEN 'shift_jis' WHEN 1 THEN 'windows-1251' WHEN 2 THEN 'utf-8'
            ELSE 'ascii' END
  FROM generate_series(1, 127000) AS n
 CROSS JOIN LATERAL (
       SELECT ARRAY['moonlight', 'sonata', 'river', 'silver', 'dream', 'blue', 'night', 'love', 'waltz', 'summer',
                    'winter', 'heart', 'angel', 'street', 'mountain', 'song', 'dance', 'morning', 'evening', 'prelude',
                    'fugue', 'march', 'Tokyo', 'Paris', 'garden', 'shadow', 'light', 'fire', 'water', 'wind',
                    'stone', 'golden', 'broken', 'lonely', 'happy', 'little', 'long', 'black', 'white', 'red'] AS w) AS words
 CROSS JOIN LATERAL (
       SELECT CASE (hashint4extended(n, 23) & 63) WHEN 0 THEN 'kar' WHEN 1 THEN 'midi' WHEN 2 THEN 'rmi' ELSE 'mid' END
              AS extension) AS endings
 CROSS JOIN LATERAL (
       SELECT w[1 + (hashint4extended(n, 24) & 255) % 40] || ' ' || w[1 + (hashint4extended(n, 25) & 255) % 40] || ' '
              || (hashint4extended(n, 26) & 4095) || '.' || extension AS name) AS names;

INSERT INTO musical_metadata
SELECT n::bigint * 92233720368547,
       CASE WHEN n <= 1000 THEN 1 ELSE 2 END,
       CASE WHEN loop THEN 0 ELSE 1 END, tracks, tracks, 480, NULL, NULL,
       (notes * 2.2)::integer + 20,
       seconds, (beats * 480)::bigint, beats, (beats / CASE meter WHEN '3/4' THEN 3 WHEN '7/8' THEN 3.5 ELSE 4 END)::integer,
       u[1] * 2, seconds - 1,
       tempo, tempo, tempo * 0.98, tempo * 1.02,
       CASE WHEN u[2] < 0.7 THEN 0 ELSE (exp(7 * (u[2] - 0.7) / 0.3))::integer END, u[2] < 0.95,
       meter, meter, CASE WHEN u[9] < 0.004 THEN ARRAY['7/8', '4/4'] ELSE ARRAY[meter] END, 0,
       CASE WHEN u[3] < 0.4 THEN NULL WHEN u[3] < 0.65 THEN 'C'
            ELSE (ARRAY['G', 'D', 'A', 'F', 'Bb', 'Eb', 'Am', 'Em', 'Dm', 'Gm', 'Cm', 'F#m'])[1 + (u[3] * 997)::integer % 12] END,
       CASE WHEN u[3] < 0.4 THEN 0 ELSE 1 END,
       notes, notes,
       CASE WHEN drums_only THEN 0 WHEN drums THEN (notes * 0.7)::integer ELSE notes END,
       CASE WHEN drums_only THEN notes WHEN drums THEN (notes * 0.3)::integer ELSE 0 END,
       notes / seconds, notes / beats, 0.5,
       low, high, (low + high) / 2.0, (high - low) * 0.8, CASE WHEN u[4] < 0.03 THEN 5 ELSE 6 + (u[4] * 7)::integer END,
       CASE WHEN single THEN 1 WHEN piano THEN 4 + (u[5] * 10)::integer ELSE 3 + (exp(3.5 * u[5]))::integer END, 2.5,
       20, 127, 90, 15, CASE WHEN piano AND u[6] < 0.6 THEN 60 + (u[6] * 110)::integer ELSE 1 + (u[6] * 90)::integer END,
       CASE WHEN drums_only THEN ARRAY[10] WHEN drums THEN ARRAY[1, 2, 3, 4, 10] ELSE ARRAY[1] END,
       programs, CASE WHEN drums_only THEN '{}' ELSE programs END,
       CASE WHEN drums_only THEN '{}' ELSE families END,
       CASE WHEN drums THEN ARRAY[35 + (u[7] * 4)::integer, 40 + (u[8] * 4)::integer, 45 + (u[9] * 36)::integer] ELSE '{}' END,
       drums, u[7] < 0.5, u[8] < 0.4,
       title,
       CASE WHEN u[10] < 0.2 THEN 'Copyright (c) 1997 by ' || w[1 + (hashint4extended(n, 40) & 31)] END,
       ARRAY[title, 'Piano', 'Bass'], '{}', '{}',
       lyrics, lyrics IS NOT NULL,
       concat_ws(E'\n', title, CASE WHEN u[10] < 0.03 THEN 'Roland SC-88' END, 'Bass', CASE WHEN u[9] < 0.3 THEN 'Piano' END, lyrics),
       CASE WHEN u[10] < 0.01 THEN 'shift_jis' ELSE 'ascii' END
  FROM generate_series(1, 100000) AS n
 CROSS JOIN LATERAL (
       SELECT array_agg((hashint4extended(n, 100 + k) & 1048575) / 1048576.0::double precision ORDER BY k) AS u
         FROM generate_series(1, 12) AS k) AS uniform
 CROSS JOIN LATERAL (
       SELECT u[11] < 0.15 AS piano, u[11] BETWEEN 0.15 AND 0.18 AS single, u[11] BETWEEN 0.18 AND 0.20 AS drums_only,
              u[11] > 0.18 AND u[12] < 0.85 AS drums, u[12] BETWEEN 0.85 AND 0.88 AS loop) AS kinds
 CROSS JOIN LATERAL (
       SELECT 60 + 120 * (u[1] + u[2] + u[3]) / 3 AS tempo,
              CASE WHEN u[4] < 0.85 THEN '4/4' WHEN u[4] < 0.95 THEN '3/4' WHEN u[4] < 0.99 THEN '6/8' ELSE '7/8' END AS meter,
              CASE WHEN loop THEN 16 ELSE 40 + 800 * u[5] * u[6] END AS beats) AS time
 CROSS JOIN LATERAL (SELECT beats * 60 / tempo AS seconds, greatest(8, (beats * 12 * u[7])::integer) AS notes) AS sizes
 CROSS JOIN LATERAL (
       SELECT 1 + (u[8] * 20)::integer AS tracks, 30 + (u[9] * 40)::integer AS low,
              72 + (u[10] * 30)::integer - CASE WHEN single OR loop THEN 20 ELSE 0 END AS high) AS pitches
 CROSS JOIN LATERAL (
       SELECT array_agg(DISTINCT p ORDER BY p) AS programs, array_agg(DISTINCT p / 8 ORDER BY p / 8) AS families
         FROM (SELECT CASE WHEN piano OR single THEN 0 ELSE (127 * u[k] * u[k + 1])::integer END AS p
                 FROM generate_series(1, 8) AS k) AS chosen) AS sounds
 CROSS JOIN LATERAL (
       SELECT ARRAY['moonlight', 'sonata', 'river', 'silver', 'dream', 'blue', 'night', 'love', 'waltz', 'summer',
                    'winter', 'heart', 'angel', 'street', 'mountain', 'song', 'dance', 'morning', 'evening', 'prelude',
                    'fugue', 'march', 'tokyo', 'paris', 'garden', 'shadow', 'light', 'fire', 'water', 'wind',
                    'stone', 'golden'] AS w) AS words
 CROSS JOIN LATERAL (
       SELECT initcap(w[1 + (hashint4extended(n, 30) & 31)]) || ' ' || w[1 + (hashint4extended(n, 31) & 31)] || ' '
              || (hashint4extended(n, 32) & 511) AS title) AS titles
 CROSS JOIN LATERAL (
       SELECT CASE WHEN u[12] > 0.9 THEN
              (SELECT string_agg(w[1 + (hashint4extended(n, 200 + k) & 31)], ' ' ORDER BY k)
                 FROM generate_series(1, 40) AS k) END AS lyrics) AS songs;
