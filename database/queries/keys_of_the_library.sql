-- Which keys the library is in, and how music in each of them moves: a first table for a study. Files with the same notes count
-- once.
--
--   confidence  least correlation with the profile of the key, -1 to 1  0.6
\if :{?confidence} \else \set confidence 0.6 \endif

WITH pieces AS (
    SELECT DISTINCT ON (note_signature) m.*
      FROM musical_metadata AS m
      JOIN files ON files.id = m.file_id AND files.is_active
     WHERE key_confidence >= :confidence AND note_signature IS NOT NULL
     ORDER BY note_signature, m.file_id
)
SELECT key, key_mode AS mode, count(*) AS pieces, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY round(tempo_bpm)) AS median_bpm,
       round(avg(scale_consistency)::numeric, 3) AS in_scale, round(avg(pitch_class_entropy)::numeric, 2) AS entropy,
       round(avg(melodic_interval_mean)::numeric, 1) AS mean_interval,
       round(100.0 * count(*) FILTER (WHERE is_expressive) / count(*), 1) AS percent_performed
  FROM pieces
 GROUP BY key, key_mode
 ORDER BY pieces DESC;
