-- All versions of an arrangement: files with the same notes at the same times, in this or another key.
--
--   file  the content to start from: files.id  one of the arrangement of which there are the most
\if :{?file}
\else
SELECT min(file_id) AS file FROM musical_metadata
 WHERE transposed_signature IS NOT NULL
 GROUP BY transposed_signature ORDER BY count(DISTINCT note_signature) DESC, count(*) DESC, 1 LIMIT 1 \gset
\endif

SELECT other.file_id, (SELECT path FROM file_names WHERE file_id = other.file_id) AS path, other.key,
       (other.pitch_min - this.pitch_min) AS semitones_higher,
       other.note_signature = this.note_signature AS same_notes,
       round(other.tempo_bpm) AS bpm, other.instruments
  FROM musical_metadata AS this
  JOIN musical_metadata AS other USING (transposed_signature)
 WHERE this.file_id = :file
 ORDER BY same_notes DESC, semitones_higher, other.file_id;
