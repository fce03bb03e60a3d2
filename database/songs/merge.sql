-- The versions of the songs $2 become versions of the song $1. The songs go with their last versions.
UPDATE file_songs SET song_id = $1 WHERE song_id = ANY ($2)
