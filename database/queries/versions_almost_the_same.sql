-- Files that are almost the same as this one: other endings, instruments, keys, a track more or less. The similarity is
-- what the MinHash estimates: the share of runs of four notes that both have, give or take a tenth.
--
--   file        the content to start from: files.id  one of the notes of which there are the most copies
--   similarity  least similarity, 0 to 1              0.5
--   rows        most rows                             50
\if :{?file}
\else
SELECT min(file_id) AS file FROM musical_metadata
 WHERE minhash IS NOT NULL
 GROUP BY note_signature ORDER BY count(*) DESC, 1 LIMIT 1 \gset
\endif
\if :{?similarity} \else \set similarity 0.5 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT other.file_id, (SELECT path FROM file_names WHERE file_id = other.file_id) AS path,
       round(equal / 32.0, 2) AS similarity, other.key, round(other.tempo_bpm) AS bpm,
       other.n_notes - this.n_notes AS more_notes
  FROM musical_metadata AS this
  JOIN musical_metadata AS other ON other.minhash_bands && this.minhash_bands AND other.file_id <> this.file_id
 CROSS JOIN LATERAL (
       SELECT count(*) AS equal FROM unnest(this.minhash, other.minhash) AS places (one, two) WHERE one = two) AS compared
 WHERE this.file_id = :file AND equal >= 32 * :similarity
 ORDER BY equal DESC, other.file_id
 LIMIT :rows;
