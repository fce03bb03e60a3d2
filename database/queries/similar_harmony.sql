-- Music that spends its time on pitch classes as this piece does, whatever the key: the histograms are turned until their
-- tonics lie on each other, and compared by Euclidean distance. Reads every row of that mode.
--
--   file  the content to start from: files.id  the piece whose key is clearest
--   rows  most rows                            20
\if :{?file}
\else
SELECT file_id AS file FROM musical_metadata WHERE key_margin IS NOT NULL AND n_notes >= 200
 ORDER BY key_margin DESC, file_id LIMIT 1 \gset
\endif
\if :{?rows} \else \set rows 20 \endif

WITH turned AS (
    SELECT file_id, key_mode,
           pitch_class_histogram[key_tonic + 1:12] || pitch_class_histogram[1:key_tonic] AS degrees
      FROM musical_metadata
     WHERE key_mode = (SELECT key_mode FROM musical_metadata WHERE file_id = :file) AND n_melodic_notes >= 100
), nearest AS (
    SELECT other.file_id,
           sqrt((SELECT sum((one - two) ^ 2) FROM unnest(this.degrees, other.degrees) AS shares (one, two))) AS distance
      FROM (SELECT pitch_class_histogram[key_tonic + 1:12] || pitch_class_histogram[1:key_tonic] AS degrees
              FROM musical_metadata WHERE file_id = :file) AS this
     CROSS JOIN turned AS other
     WHERE other.file_id <> :file
     ORDER BY distance, file_id
     LIMIT :rows
)
SELECT file_id, (SELECT name FROM file_names WHERE file_id = nearest.file_id) AS name,
       round(distance::numeric, 4) AS distance, m.key, round(m.tempo_bpm) AS bpm, m.title
  FROM nearest
  JOIN musical_metadata AS m USING (file_id)
 ORDER BY distance, file_id;
