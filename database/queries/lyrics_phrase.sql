-- Songs in whose lyrics these words are sung, one after the other, with the place where they are.
--
--   phrase  the words, in any case  silver river
--   rows    most rows               50
\if :{?phrase} \else \set phrase 'silver river' \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name, m.title,
       ts_headline('simple', m.lyrics, wanted, 'StartSel=<<, StopSel=>>, MaxFragments=1, MaxWords=14, MinWords=7') AS sung
  FROM phraseto_tsquery('simple', :'phrase') AS wanted
  JOIN musical_metadata AS m ON m.words @@ wanted AND ts_filter(m.words, '{b}') @@ wanted
 ORDER BY m.file_id
 LIMIT :rows;
