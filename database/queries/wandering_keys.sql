-- Music that leaves its key: many pitch classes outside any one scale, and two keys nearly as likely. That is what modulation
-- and chromaticism leave behind when a whole piece is looked at.
--
--   consistency  largest share of notes within one scale, 0 to 1        0.8
--   margin       largest distance of the two likeliest keys, 0 to 2     0.05
--   notes        fewest melodic notes                                   200
--   rows         most rows                                              50
\if :{?consistency} \else \set consistency 0.8 \endif
\if :{?margin} \else \set margin 0.05 \endif
\if :{?notes} \else \set notes 200 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.key, m.key_second, round(m.key_margin::numeric, 3) AS margin,
       round(m.scale_consistency::numeric, 2) AS in_scale, m.n_key_signatures AS keys_declared,
       round(m.pitch_class_entropy::numeric, 2) AS entropy
  FROM musical_metadata AS m
 WHERE m.n_pitch_classes >= 10 AND m.n_notes >= :notes
   AND m.scale_consistency <= :consistency AND m.key_margin <= :margin
 ORDER BY m.scale_consistency, m.file_id
 LIMIT :rows;
