-- Music in odd meters, that which stays in them first, then that which changes most often.
--
--   meters  the meters meant  {5/4,5/8,7/4,7/8,11/8,13/8}
--   rows    most rows         50
\if :{?meters} \else \set meters '{5/4,5/8,7/4,7/8,11/8,13/8}' \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.time_signature_main AS main_meter, m.time_signatures, m.n_time_signature_changes AS changes,
       round(m.tempo_bpm) AS bpm, m.n_bars
  FROM musical_metadata AS m
 WHERE m.time_signatures && :'meters'
 ORDER BY m.time_signature_main = ANY (:'meters') DESC, m.n_time_signature_changes DESC, m.n_bars DESC, m.file_id
 LIMIT :rows;
