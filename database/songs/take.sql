-- Contents to be sorted, out of the pages from $1 to before $2: read by page, however many rows of earlier pages have gone.
DELETE FROM loader.unsorted_contents
 WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid
RETURNING file_id
