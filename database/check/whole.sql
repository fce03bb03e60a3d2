-- Which of the sources $1 are stored whole and are there, and how much in each neither is MIDI nor says so.
SELECT position, not_midi
  FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, position)
  JOIN sources USING (id)
 WHERE state = 'complete' AND is_active
