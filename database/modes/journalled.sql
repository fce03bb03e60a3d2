-- Whether the journal knows of the change of the setting $1 that a file of backup.sql was written for at $2: it is to be
-- put back, or was since. Where it does not, a crash of the server has taken the journal's row.
SELECT EXISTS (SELECT
                 FROM loader.changed_settings
                WHERE name = $1 AND (state <> 'restored' OR restored_at >= $2::text::timestamptz))
