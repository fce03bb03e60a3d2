-- Everything that one hand can play: few notes at a time, no wider than a tenth, no drums, and not too many a second. The
-- compass is that of the whole piece, so the hand need not even move.
--
--   span    widest distance from lowest to highest note, semitones  16, a major tenth
--   voices  most notes at a time                                    5
--   speed   most notes a second, on average                         6
--   rows    most rows                                               50
\if :{?span} \else \set span 16 \endif
\if :{?voices} \else \set voices 5 \endif
\if :{?speed} \else \set speed 6 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.pitch_max - m.pitch_min AS span, m.polyphony_max AS voices,
       round(m.notes_per_sec::numeric, 1) AS notes_per_sec, m.key, m.n_notes, round(m.duration_sec) AS seconds
  FROM musical_metadata AS m
 WHERE m.pitch_max - m.pitch_min <= :span AND m.polyphony_max <= :voices AND m.n_drum_notes = 0
   AND m.notes_per_sec <= :speed
 ORDER BY m.n_notes DESC, m.file_id
 LIMIT :rows;
