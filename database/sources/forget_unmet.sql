-- Places and refusals that a source no longer has, found when it was read to its end: $1 its id, $2 the ordinal, of each.
WITH unmet AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS unmet (source_id, entry_ordinal)
), places AS (
    DELETE FROM file_locations USING unmet
     WHERE file_locations.source_id = unmet.source_id AND file_locations.entry_ordinal = unmet.entry_ordinal
    RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT DISTINCT file_id FROM places
)
DELETE FROM rejects USING unmet
 WHERE rejects.source_id = unmet.source_id AND rejects.entry_ordinal = unmet.entry_ordinal
