-- Whether anything waits in the journals to be brought back.
SELECT EXISTS (SELECT FROM loader.suspended_indexes) OR EXISTS (SELECT FROM loader.suspended_foreign_keys)
