-- How the key that a file declares compares with the one its notes are in. C is the default of many programs, so it declares
-- little; a clear case has a large margin.
--
--   margin  least distance of the key found from the next one, 0 to 2  0.05
\if :{?margin} \else \set margin 0.05 \endif

WITH declared AS (
    SELECT key_tonic, key_mode, key_margin, key_declared,
           (strpos('C D EF G A B', left(key_declared, 1)) + 11
            + CASE substr(key_declared, 2, 1) WHEN '#' THEN 1 WHEN 'b' THEN -1 ELSE 0 END) % 12 AS tonic,
           CASE WHEN key_declared LIKE '%m' THEN 'minor' ELSE 'major' END AS mode
      FROM musical_metadata
      JOIN files ON files.id = file_id AND is_active
     WHERE key_declared IS NOT NULL AND key_margin >= :margin
), compared AS (
    SELECT key_declared = 'C' AS is_perhaps_default, key_margin,
           CASE WHEN mode = key_mode THEN
                     CASE (key_tonic - tonic + 12) % 12 WHEN 0 THEN 'the same' WHEN 7 THEN 'a fifth above'
                                                        WHEN 5 THEN 'a fifth below' ELSE 'another' END
                WHEN key_tonic = tonic THEN 'parallel: same tonic, other mode'
                WHEN (key_tonic - tonic + 12) % 12 = CASE mode WHEN 'major' THEN 9 ELSE 3 END
                THEN 'relative: same notes, other mode'
                ELSE 'another' END AS found_key_is
      FROM declared
)
SELECT found_key_is, is_perhaps_default AS declared_c, count(*) AS files,
       round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY is_perhaps_default), 1) AS percent,
       round(avg(key_margin)::numeric, 3) AS mean_margin
  FROM compared
 GROUP BY found_key_is, is_perhaps_default
 ORDER BY declared_c, files DESC;
