-- Single lines that fit the compass of an instrument, as they are or an octave or two away; the nearest first.
--
--   lowest   lowest pitch of the instrument (60 is middle C)  60, a flute's
--   highest  highest pitch                                    96
--   rows     most rows                                        50
\if :{?lowest} \else \set lowest 60 \endif
\if :{?highest} \else \set highest 96 \endif
\if :{?rows} \else \set rows 50 \endif

SELECT m.file_id, (SELECT name FROM file_names WHERE file_id = m.file_id) AS name,
       octaves AS move_by_octaves, m.pitch_min, m.pitch_max, m.key, round(m.tempo_bpm) AS bpm, m.n_bars
  FROM musical_metadata AS m
 CROSS JOIN LATERAL (
       SELECT octaves FROM generate_series(-2, 2) AS octaves
        WHERE m.pitch_min + 12 * octaves >= :lowest AND m.pitch_max + 12 * octaves <= :highest
        ORDER BY abs(octaves) LIMIT 1) AS fitting
 WHERE m.polyphony_max = 1 AND m.n_drum_notes = 0
 ORDER BY abs(octaves), m.n_notes DESC, m.file_id
 LIMIT :rows;
