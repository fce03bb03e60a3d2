-- At most $2 places in the sources $1, all of which vanished.
DELETE FROM file_locations
 WHERE (source_id, entry_ordinal) IN (SELECT source_id, entry_ordinal FROM file_locations
                                       WHERE source_id = ANY ($1)
                                       LIMIT $2)
