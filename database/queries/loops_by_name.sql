-- Loops of packs by what their names claim, beside what the music says.
--
--   tempo  quarter notes per minute  120
--   key    as C, F#m, Bb             Am
--   rows   most rows                 50
\if :{?tempo} \else \set tempo 120 \endif
\if :{?key} \else \set key Am \endif
\if :{?rows} \else \set rows 50 \endif

SELECT l.file_id, l.name, l.name_bars, m.n_bars, round(m.tempo_bpm) AS bpm_found, m.key AS key_found, s.path AS pack
  FROM file_locations AS l
  JOIN sources AS s ON s.id = l.source_id
  JOIN musical_metadata AS m USING (file_id)
 WHERE l.name_bpm = :tempo AND l.name_key = :'key' AND l.is_active
 ORDER BY s.path, l.entry_ordinal
 LIMIT :rows;
