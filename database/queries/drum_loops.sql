-- Drum loops that fit a tempo: drums and nothing else, whole bars, at this tempo or at half or twice of it, with the speed at
-- which to play them. The most regular and the nearest first.
--
--   tempo      quarter notes per minute                 120
--   tolerance  how far off a loop may be, per cent      4
--   bars       longest loop, bars                       400
--   rows       most rows                                50
\if :{?tempo} \else \set tempo 120 \endif
\if :{?tolerance} \else \set tolerance 4 \endif
\if :{?bars} \else \set bars 400 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       round(m.tempo_bpm::numeric, 1) AS bpm, round((:tempo * feel / m.tempo_bpm)::numeric, 3) AS play_at_speed,
       CASE feel WHEN 0.5 THEN 'half time' WHEN 2 THEN 'double time' ELSE 'straight' END AS feel,
       m.n_bars, m.time_signature_main AS meter, round(m.groove_consistency::numeric, 3) AS groove, m.drum_keys
  FROM (VALUES (1.0), (0.5), (2.0)) AS feels (feel)
  JOIN musical_metadata AS m
    ON m.tempo_bpm BETWEEN :tempo * feel * (1 - :tolerance / 100.0) AND :tempo * feel * (1 + :tolerance / 100.0)
 WHERE m.n_drum_notes > 0 AND m.n_melodic_notes = 0 AND m.n_bars BETWEEN 1 AND :bars
 ORDER BY feel = 1 DESC, abs(m.tempo_bpm - :tempo * feel), m.groove_consistency DESC, m.file_id
 LIMIT :rows;
