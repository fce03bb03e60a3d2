-- The words of files as the server makes them: $1 titles, $2 lyrics and $3 other texts, side by side; in order, each in the
-- binary form of a tsvector.
SELECT tsvectorsend(loader.words_of(title, lyrics, other))
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS texts (title, lyrics, other, position)
 ORDER BY position
