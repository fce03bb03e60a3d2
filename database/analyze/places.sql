-- Contents whose rows are to be renewed, each with its active places, or one row without: $1 the analyser's version, $2 the
-- levels below the one that is asked, $3 whether the MD5 is asked, $4 whether all are; $5 the sources that they must lie in, $6
-- the run that must not have stored them first, null for any. What a newer analyser found is left, and what vanished.
SELECT metadata.file_id, metadata.analysis, places.source_id, places.entry_ordinal
  FROM musical_metadata metadata
  JOIN files ON files.id = metadata.file_id AND files.is_active
  LEFT JOIN (file_locations places JOIN sources ON sources.id = places.source_id AND sources.is_active)
         ON places.file_id = metadata.file_id AND places.is_active
 WHERE metadata.analyser_version <= $1
   AND ($4 OR metadata.analyser_version < $1 OR metadata.analysis = ANY ($2) OR ($3 AND files.md5 IS NULL))
   AND ($5::bigint[] IS NULL
        OR EXISTS (SELECT FROM file_locations l
                    WHERE l.file_id = metadata.file_id AND l.is_active AND l.source_id = ANY ($5)))
   AND ($6::integer IS NULL OR files.first_run_id <> $6)
 ORDER BY metadata.file_id, places.source_id, places.entry_ordinal
