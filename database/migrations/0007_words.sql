-- The words of a file come with its row: the database took longer to make them while it stored the row than to store it. They
-- are the same words, made of the same texts; for rows that somebody else writes, the database still makes them.
CREATE FUNCTION loader.words_of(title text, lyrics text, other text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('simple', left(coalesce(title, ''), 1000)), 'A')
       || setweight(to_tsvector('simple', left(coalesce(lyrics, ''), 65536)), 'B')
       || setweight(to_tsvector('simple', left(coalesce(other, ''), 65536)), 'D');
COMMENT ON FUNCTION loader.words_of IS 'The words of a title (weight A), of lyrics (B) and of other texts (D), for full-text search.';

CREATE FUNCTION loader.make_words() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := loader.words_of(NEW.title, NEW.lyrics, NEW.text);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION loader.make_words IS 'Makes musical_metadata.words where they did not come with the row.';

ALTER TABLE musical_metadata ALTER COLUMN words DROP EXPRESSION;
ALTER TABLE musical_metadata ALTER COLUMN words SET NOT NULL;
COMMENT ON COLUMN musical_metadata.words IS 'All words of the file for full-text search: title (weight A), lyrics (B), all other text (D); made by the database where they are not given.';

CREATE TRIGGER words_of_new BEFORE INSERT ON musical_metadata
   FOR EACH ROW WHEN (NEW.words IS NULL) EXECUTE FUNCTION loader.make_words();
CREATE TRIGGER words_of_changed BEFORE UPDATE OF title, lyrics, text ON musical_metadata
   FOR EACH ROW WHEN (NEW.words IS NOT DISTINCT FROM OLD.words
                      AND (NEW.title, NEW.lyrics, NEW.text) IS DISTINCT FROM (OLD.title, OLD.lyrics, OLD.text))
   EXECUTE FUNCTION loader.make_words();
