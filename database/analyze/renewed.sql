-- Which contents of the batch the library has. Those of which it has another with the same id were left out before.
SELECT id FROM staging_files JOIN files USING (id)
