-- Every content, as if all had been found just now.
INSERT INTO loader.unsorted_contents SELECT id FROM files
