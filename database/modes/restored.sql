-- The settings $1 are as they were.
UPDATE loader.changed_settings
   SET state = 'restored', restored_at = clock_timestamp()
 WHERE state <> 'restored' AND name = ANY ($1)
