-- Whoever holds the library's lock knows that no other run is alive.
UPDATE runs SET state = 'interrupted' WHERE state = 'running' RETURNING id
