-- What characters are to the server's parser of texts: for each of $1, in order, the words of a text that has it in every
-- place where it could be something else.
SELECT tsvector_to_array(to_tsvector('pg_catalog.simple', format('a%1$sb 1%1$s2 %1$sa a%1$s %1$s', letter)))
  FROM unnest($1::text[]) WITH ORDINALITY AS letters (letter, position)
 ORDER BY position
