-- What damaged files lost: for each kind of oddity (docs/schema.md, "Warning bits") how many files show it, how many of them
-- could not be read to their end, and what is missing there. A file may be in several rows.
WITH kinds AS (
    SELECT bit - 1 AS bit, kind
      FROM unnest(ARRAY['riff_wrapped', 'alien_chunk', 'text_cut', 'value_capped', 'junk_before_header', 'header_length',
                        'header_missing', 'format_unknown', 'division_invalid', 'track_count', 'junk_between_chunks',
                        'track_length', 'no_end_of_track', 'after_end_of_track', 'running_status', 'system_message',
                        'data_byte', 'event_length', 'meta_invalid', 'long_number', 'time_capped', 'file_truncated',
                        'bytes_lost', 'track_name']) WITH ORDINALITY AS listed (kind, bit)
)
SELECT kind,
       count(*) AS files,
       count(*) FILTER (WHERE parse_status = 'partial') AS not_read_to_the_end,
       count(*) FILTER (WHERE n_notes = 0) AS without_notes,
       sum(greatest(n_tracks_declared - n_tracks, 0)) AS tracks_missing,
       sum(n_notes - n_notes_paired) AS notes_never_ended,
       round(avg(n_notes)) AS notes_kept_on_average
  FROM files
  JOIN musical_metadata AS m ON m.file_id = files.id
  JOIN kinds ON warnings & (1 << bit::integer) <> 0
 WHERE parse_status <> 'clean' AND files.is_active
 GROUP BY kind, bit
 ORDER BY not_read_to_the_end DESC, files DESC, bit;
