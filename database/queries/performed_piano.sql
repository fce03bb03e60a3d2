-- Piano that somebody performed and nobody quantized: no part sits on a grid, and the touch varies. The freest first.
--
--   families    General MIDI families that sound, just these  {0}, pianos
--   velocities  least number of different velocities          20
--   rows        most rows                                     50
\if :{?families} \else \set families '{0}' \endif
\if :{?velocities} \else \set velocities 20 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       round(m.quantized_ratio::numeric, 3) AS quantized, m.n_distinct_velocities AS velocities,
       m.has_sustain AS pedal, m.key, m.n_notes, round(m.duration_sec) AS seconds
  FROM musical_metadata AS m
 WHERE m.is_expressive AND m.families = :'families' AND m.n_distinct_velocities >= :velocities
 ORDER BY m.quantized_ratio, m.file_id
 LIMIT :rows;
