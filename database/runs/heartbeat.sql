UPDATE runs SET heartbeat_at = clock_timestamp(), progress = $2::jsonb WHERE id = $1
