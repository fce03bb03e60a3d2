-- A data set for training and statistics, as CSV on stdout: one file of each set of notes, undamaged, with enough music in it.
-- Transpositions of one another are in the same split, so that nothing is tested on what was trained with.
--
--   notes       fewest melodic notes                            100
--   tracks      most tracks                                     64
--   validation  share of arrangements for validation, per cent  10
--   test        and for testing                                 10
\if :{?notes} \else \set notes 100 \endif
\if :{?tracks} \else \set tracks 64 \endif
\if :{?validation} \else \set validation 10 \endif
\if :{?test} \else \set test 10 \endif

COPY (
    WITH chosen AS (
        SELECT DISTINCT ON (m.note_signature) m.*, f.digest, f.md5
          FROM musical_metadata AS m
          JOIN files AS f ON f.id = m.file_id
         WHERE f.is_active AND f.parse_status = 'clean' AND m.note_signature IS NOT NULL
           AND m.n_melodic_notes >= :notes AND m.n_tracks <= :tracks
         ORDER BY m.note_signature, m.file_id
    )
    SELECT encode(digest, 'hex') AS blake3, encode(md5, 'hex') AS md5, n.path,
           CASE WHEN place < :test THEN 'test' WHEN place < :test + :validation THEN 'validation' ELSE 'train' END AS split,
           transposed_signature AS arrangement,
           duration_sec, n_bars, tempo_bpm, time_signature_main, key, key_confidence, key_margin, key_declared,
           n_notes, n_melodic_notes, n_drum_notes, polyphony_mean, pitch_class_entropy, scale_consistency, groove_consistency,
           quantized_ratio, nomml, is_expressive, instruments, has_drums, title, artist
      FROM chosen
      JOIN file_names AS n USING (file_id)
     CROSS JOIN LATERAL (SELECT transposed_signature & 1048575 AS draw) AS drawn
     CROSS JOIN LATERAL (SELECT draw * 100.0 / 1048576 AS place) AS placed
     ORDER BY digest
) TO STDOUT (FORMAT csv, HEADER);
