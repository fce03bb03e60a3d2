-- The contents that another catalogue knows by MD5, as Lakh, MetaMIDI and GigaMIDI do. Asks for a library imported with --md5.
--
--   list  a file in which the MD5s stand, with anything around them (a CSV, names of files, md5sum's output)
\if :{?list}
\else
\warn 'name the list: -v list=FILE'
\quit
\endif
\set content `cat :'list'`

WITH listed AS (
    SELECT DISTINCT decode(lower(found[1]), 'hex') AS md5
      FROM regexp_matches(:'content', '\m[0-9a-fA-F]{32}\M', 'g') AS found
)
SELECT encode(f.md5, 'hex') AS md5, f.id AS file_id, (SELECT path FROM file_names WHERE file_id = f.id) AS path,
       m.title, m.key, round(m.tempo_bpm::numeric, 1) AS bpm,
       m.time_signature_main AS meter, m.n_notes, round(m.duration_sec) AS seconds, m.is_expressive
  FROM listed
  JOIN files AS f ON f.md5 = listed.md5 AND f.is_active
  JOIN musical_metadata AS m ON m.file_id = f.id
 ORDER BY f.md5;
