UPDATE runs
   SET state = $2, finished_at = clock_timestamp(), heartbeat_at = clock_timestamp(), progress = $3::jsonb,
       seen = $4, inserted = $5, duplicate = $6, unchanged = $7, rejected = $8, not_midi = $9
 WHERE id = $1
