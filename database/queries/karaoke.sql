-- Karaoke in a language. Files say it in their own way (ENGL, ENG, ITAL …): the beginning of the word is enough.
--
--   language  how the word begins, lower case  ital
--   rows      most rows                        50
\if :{?language} \else \set language ital \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       m.title, m.artist, m.lyrics_language, round(m.duration_sec) AS seconds, left(m.lyrics, 60) AS begins
  FROM musical_metadata AS m
 WHERE left(m.lyrics_language, 32) IN (
           SELECT DISTINCT left(lyrics_language, 32) FROM musical_metadata
            WHERE starts_with(lyrics_language, :'language'))
   AND m.lyrics IS NOT NULL
 ORDER BY m.title, m.file_id
 LIMIT :rows;
