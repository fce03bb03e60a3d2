-- Contents that lost a place: $1 their ids, which the caller has locked in a statement before this one. Those that lie nowhere
-- any more become inactive, and all may be called otherwise now. A program that stores a place of one meanwhile has done so
-- before the lock, and this statement sees it, or waits for this transaction, and then makes the content active again.
WITH noted AS (
    INSERT INTO loader.unsorted_contents SELECT unnest($1::bigint[])
)
UPDATE files SET is_active = false
 WHERE id = ANY ($1) AND is_active
   AND NOT EXISTS (SELECT FROM file_locations WHERE file_locations.file_id = files.id AND file_locations.is_active)
