-- How the settings $1 stand now; those this server's version does not know are left out.
SELECT name, setting, coalesce(unit, '') AS unit, coalesce(boot_val, '') AS boot_value, context, source, current_setting(name) AS shown,
       pending_restart
  FROM pg_settings
 WHERE name = ANY ($1)
