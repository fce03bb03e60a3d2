-- Sources that travel with their only item, bare files and what could not be opened: where one has changed, ends otherwise
-- than before, or had vanished, everything that was stored of it goes, refusals too. What is the same keeps its rows.
WITH former AS (
    SELECT sources.id
      FROM sources
      JOIN staging_sources staged USING (id)
     WHERE (sources.size_bytes, sources.mtime_ns, sources.state, sources.entries, sources.not_midi, sources.is_active)
           IS DISTINCT FROM
           (staged.size_bytes, staged.mtime_ns, staged.state, staged.entries, staged.not_midi, true)
), places AS (
    DELETE FROM file_locations USING former WHERE source_id = former.id RETURNING file_id
), loose AS (
    INSERT INTO loader.loose_contents SELECT DISTINCT file_id FROM places
)
DELETE FROM rejects USING former WHERE source_id = former.id
