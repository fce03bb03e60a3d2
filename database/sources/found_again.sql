-- Contents that are found in one more place: $1 their ids. Those that had lost their last one lie somewhere again.
UPDATE files SET is_active = true WHERE id = ANY ($1) AND NOT is_active
