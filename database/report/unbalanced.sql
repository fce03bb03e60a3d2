-- Sources among $1 whose entries are not all accounted for: each is a place, a refusal or not MIDI. One that is still
-- loading, because the run was interrupted, has not been counted yet.
SELECT sources.path, sources.entries, stored.entries + sources.not_midi AS accounted
  FROM sources
 CROSS JOIN LATERAL (
       SELECT (SELECT count(*) FROM file_locations WHERE source_id = sources.id)
            + (SELECT count(*) FROM rejects WHERE source_id = sources.id AND entry_ordinal >= 0) AS entries
       -- Counted once for each source, not once for each use.
       OFFSET 0) AS stored
 WHERE sources.id = ANY($1)
   AND sources.state <> 'loading'
   AND sources.entries <> stored.entries + sources.not_midi
 ORDER BY sources.path
 LIMIT 20
