-- Of the contents $2 in the song $1 those whose keys, $3, lead there are there by their names.
UPDATE file_songs SET is_chosen = false
  FROM unnest($2::bigint[], $3::text[]) AS chosen (file_id, key)
  JOIN song_lookup ON song_lookup.key = chosen.key AND song_lookup.song_id = $1
 WHERE file_songs.file_id = chosen.file_id
