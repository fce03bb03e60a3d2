-- The planned settings of the journal have been changed.
UPDATE loader.changed_settings SET state = 'applied', applied_at = clock_timestamp() WHERE state = 'planned'
