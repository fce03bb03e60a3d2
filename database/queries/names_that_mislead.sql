-- Names that claim a tempo that the music does not have, half and double time allowed, those furthest off first.
--
--   tolerance  how far off the music may be, per cent  3
--   rows       most rows                               50
\if :{?tolerance} \else \set tolerance 3 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT l.file_id, l.name, l.name_bpm AS bpm_named, round(m.tempo_bpm::numeric, 1) AS bpm_found, l.name_key AS key_named,
       m.key AS key_found, m.tempo_explicit
  FROM file_locations AS l
  JOIN musical_metadata AS m USING (file_id)
 CROSS JOIN LATERAL (
       SELECT min(abs(m.tempo_bpm * feel / l.name_bpm - 1)) AS error FROM (VALUES (0.5), (1), (2)) AS feels (feel)) AS measured
 WHERE l.name_bpm > 0 AND l.is_active AND error > :tolerance / 100.0
 ORDER BY error DESC, l.source_id, l.entry_ordinal
 LIMIT :rows;
