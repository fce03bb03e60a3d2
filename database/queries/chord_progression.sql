-- Pieces in which these chords follow one another, beats without a chord (N) left out. Chords are found by a full analysis only
-- (--analysis full).
--
--   chords  the chords in order, as the column spells them, a space between  F G C
--   rows    most rows                                                        50
\if :{?chords} \else \set chords 'F G C' \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.key, round(m.tempo_bpm) AS bpm, array_to_string(m.chords[1:12], ' ') AS begins
  FROM musical_metadata AS m
 WHERE m.chords @> string_to_array(:'chords', ' ')
   AND strpos(' ' || array_to_string(array_remove(m.chords, 'N'), ' ') || ' ', ' ' || :'chords' || ' ') > 0
 ORDER BY m.file_id
 LIMIT :rows;
