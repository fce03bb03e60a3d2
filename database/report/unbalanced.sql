-- Sources among $1 whose entries are not all accounted for: each is a place, a refusal or not MIDI. One that is still
-- loading, because the run was interrupted, has not been counted yet.
WITH read AS MATERIALIZED (
    SELECT id, path, entries, not_midi FROM sources WHERE id = ANY($1) AND state <> 'loading'
), places AS (
    SELECT read.id, count(*) AS entries FROM read JOIN file_locations ON source_id = read.id GROUP BY read.id
), refusals AS (
    SELECT read.id, count(*) AS entries FROM read JOIN rejects ON source_id = read.id WHERE entry_ordinal >= 0 GROUP BY read.id
)
SELECT path, read.entries, not_midi + coalesce(places.entries, 0) + coalesce(refusals.entries, 0) AS accounted
  FROM read LEFT JOIN places USING (id) LEFT JOIN refusals USING (id)
 WHERE read.entries <> not_midi + coalesce(places.entries, 0) + coalesce(refusals.entries, 0)
 ORDER BY path
 LIMIT 20
