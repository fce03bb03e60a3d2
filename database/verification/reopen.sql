-- Sources that could not be read: $1 their ids. What is stored of them stays, and the import that follows, which meets the same, records
-- why.
UPDATE sources SET state = 'failed' WHERE id = ANY ($1)
