-- Songs for keys that lead nowhere: $1 keys in ascending order, so that nobody waits in a circle, $2 and $3 the parts of each,
-- $4 and $5 artist and title as they are spelled. Where somebody else has made the song meanwhile it is the one that is found.
WITH wanted AS MATERIALIZED (
    SELECT nextval('songs_id_seq') AS id, key, artist_key, title_key, artist, title
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS wanted (key, artist_key, title_key, artist, title)
), led AS (
    INSERT INTO song_lookup (key, song_id)
    SELECT key, id FROM wanted
    ON CONFLICT (key) DO UPDATE SET song_id = song_lookup.song_id
    RETURNING key, song_id
), made AS (
    INSERT INTO songs (id, artist, title, artist_key, title_key)
    SELECT id, artist, title, artist_key, title_key
      FROM wanted JOIN led USING (key)
     WHERE led.song_id = wanted.id
)
SELECT led.key, led.song_id, led.song_id = wanted.id AS is_new FROM led JOIN wanted USING (key)
