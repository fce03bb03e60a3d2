-- Fast songs in A minor with a saxophone, the fastest first: key and tempo are those of the music, not of its name.
--
--   key          as C, F#m, Bb, found by analysis            Am
--   tempo        least quarter notes per minute              140
--   instruments  General MIDI programs, any of them (0-127)  64 to 67, the saxophones
--   rows         most rows                                   50
\if :{?key} \else \set key Am \endif
\if :{?tempo} \else \set tempo 140 \endif
\if :{?instruments} \else \set instruments '{64,65,66,67}' \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       round(m.tempo_bpm) AS bpm, m.time_signature_main AS meter, round(m.duration_sec) AS seconds,
       round(m.key_margin::numeric, 2) AS key_margin
  FROM musical_metadata AS m
 WHERE m.key = :'key' AND m.tempo_bpm >= :tempo AND m.instruments && :'instruments'
 ORDER BY m.tempo_bpm DESC, m.file_id
 LIMIT :rows;
