-- Sources that are about to lose their rows: from now on the next import that meets one reads it again.
UPDATE sources SET state = 'failed' WHERE id = ANY ($1) AND NOT is_active AND state <> 'failed'
