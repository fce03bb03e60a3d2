-- At most $2 refusals in the sources $1, all of which vanished.
DELETE FROM rejects
 WHERE (source_id, entry_ordinal) IN (SELECT source_id, entry_ordinal FROM rejects
                                       WHERE source_id = ANY ($1)
                                       LIMIT $2)
