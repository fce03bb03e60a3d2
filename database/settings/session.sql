-- What every session of the loader needs to be the same, whatever the role, the database or the server configures.
-- Settings that this server's version does not know are left out.
SELECT set_config(name, value, false)
  FROM (VALUES
        -- The library's tables lie in public.
        ('search_path', 'public'),
        -- A COPY or an index build takes as long as it takes.
        ('statement_timeout', '0'),
        ('lock_timeout', '0'),
        ('transaction_timeout', '0'),
        -- A transaction may wait while the next batch is read. The server would otherwise end it; to bound how long a
        -- loader that hangs may hold one, this is the place.
        ('idle_in_transaction_session_timeout', '0'),
        -- The connection that holds the library's lock says nothing for hours.
        ('idle_session_timeout', '0'),
        -- Finds out within two minutes that the other machine is gone, and keeps routers from forgetting the connection.
        ('tcp_keepalives_idle', '60'),
        ('tcp_keepalives_interval', '15'),
        ('tcp_keepalives_count', '4'),
        -- What ON CONFLICT relies on.
        ('default_transaction_isolation', 'read committed'),
        ('client_min_messages', 'warning')
       ) AS wanted (name, value)
 WHERE current_setting(name, true) IS DISTINCT FROM value
   AND current_setting(name, true) IS NOT NULL
