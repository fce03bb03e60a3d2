-- The sources $1, which vanished and hold nothing any more.
DELETE FROM sources WHERE id = ANY ($1) AND NOT is_active
