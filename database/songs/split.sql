-- The contents $2 become versions of the song $1; $3 tells of each whether only a person's word keeps it there.
UPDATE file_songs SET song_id = $1, is_chosen = taken.is_chosen
  FROM unnest($2::bigint[], $3::boolean[]) AS taken (file_id, is_chosen)
 WHERE file_songs.file_id = taken.file_id
