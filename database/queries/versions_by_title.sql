-- All versions of a tune by its title, in the file or in its name. Files with the very same notes stand together.
--
--   title  words of the title, in any order; or how the name's title begins  moonlight sonata
--   rows   most rows                                                         100
\if :{?title} \else \set title 'moonlight sonata' \endif
\if :{?rows} \else \set rows 100 \endif

WITH called AS (
    SELECT file_id
      FROM musical_metadata, plainto_tsquery('simple', :'title') AS wanted
     WHERE words @@ wanted AND ts_filter(words, '{a}') @@ wanted
     UNION
    SELECT file_id FROM file_locations WHERE left(lower(name_title), 128) LIKE lower(:'title') || '%'
)
SELECT dense_rank() OVER (ORDER BY m.transposed_signature, m.note_signature) AS version,
       m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.title, m.key, round(m.tempo_bpm) AS bpm, m.n_bars, m.n_notes
  FROM called
  JOIN musical_metadata AS m USING (file_id)
  JOIN files ON files.id = m.file_id AND files.is_active
 ORDER BY version, m.file_id
 LIMIT :rows;
