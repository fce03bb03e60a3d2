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

-- The first eight runs were asked for MD5.
INSERT INTO files (id, digest, size_bytes, parse_status, warnings, first_run_id, md5)
SELECT n::bigint * 92233720368547,
       decode(md5(n::text) || md5((-n)::text), 'hex'),
       (800 + exp(7 + 5 * ((hashint4extended(n, 10) & 65535) / 65536.0)))::integer,
       CASE WHEN d = 0 THEN 'partial' WHEN d < 10 THEN 'repaired' ELSE 'clean' END,
       CASE WHEN d < 30 THEN (1 << (hashint4extended(n, 11) & 7)::integer) | (1 << (hashint4extended(n, 12) & 15)::integer)
            ELSE 0 END,
       1 + (n - 1) / 2500,
       CASE WHEN n <= 20000 THEN decode(md5(n::text), 'hex') END
  FROM generate_series(1, 100000) AS n
 CROSS JOIN LATERAL (SELECT (hashint4extended(n, 13) & 1023) AS d) AS damage;

-- Each loose file is a place; 30,000 more lie in archives, most of them copies of a loose one. Of the loose names two in
-- five say artist and title; of those in archives every fourth is a loop's, with key and tempo.
INSERT INTO file_locations (source_id, entry_ordinal, file_id, run_id, entry_path, name, extension, name_encoding,
                            name_bpm, name_key, name_bars, name_artist, name_title)
SELECT CASE WHEN n <= 97000 THEN n ELSE 97001 + (n - 97001) / 10 END,
       CASE WHEN n <= 97000 THEN 0 ELSE (n - 97001) % 10 END,
       CASE WHEN n <= 100000 THEN n ELSE 1 + (hashint4extended(n, 20) & 65535) END::bigint * 92233720368547,
       1 + (least(n, 100000) - 1) / 2500,
       CASE WHEN n > 97000 THEN (ARRAY['Rock', 'Jazz', 'Classical', 'Pop'])[1 + n % 4]
            || '/artist ' || (hashint4extended(n, 21) & 127) || '/' || name END,
       name,
       extension,
       CASE (hashint4extended(n, 22) & 255) WHEN 0 THEN 'shift_jis' WHEN 1 THEN 'windows-1251' WHEN 2 THEN 'utf-8'
            ELSE 'ascii' END,
       CASE WHEN is_loop THEN bpm END, CASE WHEN is_loop THEN key END,
       CASE WHEN is_loop AND bpm % 3 = 0 THEN 4 END,
       CASE WHEN says_artist THEN artist END, CASE WHEN says_artist THEN title END
  FROM generate_series(1, 127000) AS n
 CROSS JOIN LATERAL (
       SELECT ARRAY['moonlight', 'sonata', 'river', 'silver', 'dream', 'blue', 'night', 'love', 'waltz', 'summer',
                    'winter', 'heart', 'angel', 'street', 'mountain', 'song', 'dance', 'morning', 'evening', 'prelude',
                    'fugue', 'march', 'Tokyo', 'Paris', 'garden', 'shadow', 'light', 'fire', 'water', 'wind',
                    'stone', 'golden', 'broken', 'lonely', 'happy', 'little', 'long', 'black', 'white', 'red'] AS w) AS words
 CROSS JOIN LATERAL (
       SELECT CASE (hashint4extended(n, 23) & 63) WHEN 0 THEN 'kar' WHEN 1 THEN 'midi' WHEN 2 THEN 'rmi' ELSE 'mid' END
              AS extension,
              n > 97000 AND (hashint4extended(n, 27) & 3) = 0 AS is_loop,
              n <= 97000 AND (hashint4extended(n, 27) & 127) < 51 AS says_artist,
              70 + 5 * (hashint4extended(n, 28) & 15)::integer AS bpm,
              (ARRAY['C', 'Am', 'G', 'Em', 'D', 'Dm', 'F', 'Cm'])[1 + (hashint4extended(n, 29) & 7)] AS key,
              'Artist ' || (hashint4extended(n, 1) & 1023) AS artist) AS said
 CROSS JOIN LATERAL (
       SELECT w[1 + (hashint4extended(n, 24) & 255) % 40] || ' ' || w[1 + (hashint4extended(n, 25) & 255) % 40] || ' '
              || (hashint4extended(n, 26) & 4095) AS title) AS titles
 CROSS JOIN LATERAL (
       SELECT CASE WHEN is_loop THEN key || '_' || bpm || 'bpm_' WHEN says_artist THEN artist || ' - ' ELSE '' END
              || title || '.' || extension AS name) AS names;

-- One row in twelve belongs to a tune of several versions: four arrangements each, two and two transpositions of one another.
-- One in twenty was analysed in full, one in 250 no further than the first version did.
INSERT INTO musical_metadata
       (file_id, analyser_version,
        smf_format, n_tracks, n_tracks_declared, division, smpte_fps, smpte_ticks_per_frame,
        n_events,
        duration_sec, duration_ticks, duration_beats, n_bars,
        first_note_sec, last_note_end_sec,
        tempo_bpm, tempo_first, tempo_min, tempo_max,
        n_tempo_changes, tempo_explicit,
        time_signature_first, time_signature_main, time_signatures, n_time_signature_changes,
        key_declared,
        n_key_signatures,
        n_notes, n_notes_paired,
        n_melodic_notes,
        n_drum_notes,
        notes_per_sec, notes_per_beat, note_length_median_beats,
        pitch_min, pitch_max, pitch_mean, n_pitches, n_pitch_classes,
        polyphony_max, polyphony_mean,
        velocity_min, velocity_max, velocity_mean, velocity_std, n_distinct_velocities,
        channels,
        programs, instruments,
        families,
        drum_keys,
        has_drums, has_pitch_bend, has_sustain,
        title,
        copyright,
        track_names, instrument_names, markers,
        lyrics, is_karaoke,
        text,
        text_encoding,
        analysis,
        key, key_tonic, key_mode, key_confidence, key_margin, key_second,
        pitch_class_histogram, pitch_class_entropy, pitch_entropy, scale_consistency,
        polyphony_rate, melodic_interval_histogram, melodic_interval_mean, ioi_median_beats,
        groove_consistency, empty_beat_rate,
        quantized_ratio, nomml, nomml_tracks, is_expressive,
        controllers, devices, artist, lyrics_language,
        note_signature, transposed_signature, minhash, minhash_bands,
        chords, n_loops, loop_bars)
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
       CASE WHEN u[10] < 0.01 THEN 'shift_jis' ELSE 'ascii' END,
       level,
       key, key_tonic, key_mode, key_confidence, key_margin, key_second,
       pitch_class_histogram, pitch_class_entropy, pitch_class_entropy + 1.5, scale_consistency,
       CASE WHEN single THEN 0 ELSE u[5] END, intervals, 1 + 4 * u[9], (ARRAY[0.25, 0.5, 1, 0.3333])[1 + (3 * u[6])::integer],
       0.9 + u[8] / 10, u[7] * u[9] / 2,
       CASE WHEN performed THEN 0.1 + 0.4 * u[9] WHEN level <> 'basic' THEN 1 - u[9] * u[9] / 3 END,
       CASE WHEN performed THEN 12 WHEN level <> 'basic' THEN 2 * (u[9] * 3)::integer END,
       CASE WHEN performed THEN '{12}' WHEN level <> 'basic' THEN ARRAY[2, 4] END, performed,
       CASE WHEN level <> 'basic' THEN ARRAY[7, 10] END, CASE WHEN level <> 'basic' THEN CASE WHEN u[7] < 0.3 THEN '{gm}'
            WHEN u[7] < 0.4 THEN '{gm,gs}' WHEN u[7] < 0.45 THEN '{xg}' ELSE '{}' END::text[] END,
       CASE WHEN lyrics IS NOT NULL AND u[1] < 0.4 THEN 'Artist ' || (hashint4extended(n, 1) & 1023) END,
       CASE WHEN lyrics IS NOT NULL AND u[2] < 0.3
            THEN (ARRAY['engl', 'engl', 'engl', 'ital', 'fran', 'germ', 'span'])[1 + (u[2] * 20)::integer] END,
       note_signature, transposed_signature, minhash, minhash_bands,
       CASE WHEN level = 'full' THEN CASE WHEN drums_only THEN '{}' ELSE chords END END,
       CASE WHEN level = 'full' THEN (u[4] * 8)::integer END, CASE WHEN level = 'full' AND u[4] > 0.1 THEN 4 END
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
                 FROM generate_series(1, 40) AS k) END AS lyrics) AS songs
 CROSS JOIN LATERAL (
       SELECT CASE WHEN n <= 1000 OR n % 250 = 0 THEN 'basic' WHEN n % 20 = 7 THEN 'full' ELSE 'standard' END AS level,
              CASE WHEN n > 1000 AND n % 250 <> 0 THEN piano AND u[6] < 0.6 OR u[6] < 0.02 END AS performed,
              CASE WHEN n % 12 = 5 THEN (hashint4extended(n, 50) & 1023)::integer ELSE 10000 + n END AS tune,
              CASE WHEN n % 12 = 5 THEN (hashint4extended(n, 51) & 3)::integer ELSE 0 END AS arrangement) AS origins
  LEFT JOIN LATERAL (
       SELECT hashint8extended(tune, arrangement) AS note_signature,
              hashint8extended(tune, 100 + arrangement / 2) AS transposed_signature) AS signatures ON level <> 'basic'
  LEFT JOIN LATERAL (
       SELECT array_agg(CASE WHEN (hashint4extended(n, 300 + k) & 15) = 0 THEN hashint4extended(n, 400 + k)
                             ELSE hashint4extended(tune, 400 + k) END::bit(32)::integer ORDER BY k) AS minhash
         FROM generate_series(1, 32) AS k) AS minima ON level <> 'basic' AND NOT drums_only
  LEFT JOIN LATERAL (
       SELECT array_agg(hash_array(minhash[3 * k + 1 : 3 * k + 3]) ORDER BY k) AS minhash_bands
         FROM generate_series(0, 4) AS k) AS bands ON minhash IS NOT NULL
  LEFT JOIN LATERAL (
       SELECT (ARRAY[0, 7, 2, 9, 5, 4, 10, 0, 3, 9, 2, 11, 8, 1, 6, 7])[1 + (hashint4extended(tune, 52 + arrangement / 2) & 15)] AS key_tonic,
              CASE WHEN (hashint4extended(tune, 53) & 7) < 3 THEN 'minor' ELSE 'major' END AS key_mode) AS tonics
    ON level <> 'basic' AND NOT drums_only
  LEFT JOIN LATERAL (
       SELECT (CASE key_mode WHEN 'major' THEN ARRAY['C', 'Db', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B']
                             ELSE ARRAY['Cm', 'C#m', 'Dm', 'Ebm', 'Em', 'Fm', 'F#m', 'Gm', 'G#m', 'Am', 'Bbm', 'Bm'] END)
              [1 + key_tonic] AS key,
              (CASE key_mode WHEN 'minor' THEN ARRAY['C', 'Db', 'D', 'Eb', 'E', 'F', 'F#', 'G', 'Ab', 'A', 'Bb', 'B']
                             ELSE ARRAY['Cm', 'C#m', 'Dm', 'Ebm', 'Em', 'Fm', 'F#m', 'Gm', 'G#m', 'Am', 'Bbm', 'Bm'] END)
              [1 + (key_tonic + CASE key_mode WHEN 'minor' THEN 3 ELSE 9 END) % 12] AS key_second,
              0.55 + 0.4 * u[8] AS key_confidence, 0.3 * u[9] * u[8] AS key_margin,
              2.2 + 1.3 * u[4] AS pitch_class_entropy, 1 - 0.35 * u[4] * u[9] AS scale_consistency,
              (SELECT array_agg((weight / sum)::real ORDER BY k)
                 FROM (SELECT k, weight, sum(weight) OVER ()
                         FROM (SELECT k, (ARRAY[6.35, 0.4, 3.5, 0.5, 4.4, 4.1, 0.5, 5.2, 0.5, 3.7, 0.6, 2.9])
                                         [1 + (k + 24 - key_tonic - CASE key_mode WHEN 'minor' THEN 3 ELSE 0 END) % 12]
                                         * (0.5 + (hashint4extended(n, 500 + k) & 1023) / 1023.0) AS weight
                                 FROM generate_series(0, 11) AS k) AS weighed) AS summed) AS pitch_class_histogram,
              (SELECT array_agg((weight / sum)::real ORDER BY k)
                 FROM (SELECT k, weight, sum(weight) OVER ()
                         FROM (SELECT k, (0.1 + u[1 + k % 12]) / (1 + k) AS weight FROM generate_series(0, 12) AS k) AS weighed)
                      AS summed) AS intervals) AS found ON key_tonic IS NOT NULL
 CROSS JOIN LATERAL (
       SELECT array_agg((ARRAY['C', 'Am', 'F', 'G', 'Dm', 'Em', 'G7', 'C', 'F', 'Dm7', 'G7', 'Cmaj7', 'E7', 'A7', 'D', 'Bb'])
                        [1 + (hashint4extended(n, 600 + k) & 255)::integer * (hashint4extended(n, 700 + k) & 255)::integer / 4096]
                        ORDER BY k) AS chords
         FROM generate_series(1, 16) AS k WHERE level = 'full') AS harmony;
