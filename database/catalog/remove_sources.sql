-- Deletes the sources among $1 of which nothing is left: no entry, no place, no refusal.
DELETE FROM sources
 WHERE id = ANY ($1) AND entries = 0
   AND NOT EXISTS (SELECT FROM file_locations WHERE source_id = sources.id)
   AND NOT EXISTS (SELECT FROM rejects WHERE source_id = sources.id)
