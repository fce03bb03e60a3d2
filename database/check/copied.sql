-- Contents that lie in more places than one, or lay there: asked beside all.sql, of the same moment. As an anti-join there it is
-- planned as a merge of sorted rows, which costs twice as much.
SELECT file_id FROM file_locations GROUP BY file_id HAVING count(*) > 1
