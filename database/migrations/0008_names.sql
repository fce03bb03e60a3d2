-- What is no name has changed since the library was sorted: all of it is looked at again at the end of the next run.
INSERT INTO loader.unsorted_contents SELECT id FROM files;
