-- Who holds the library's lock in this database; the names are null where this role may not see them.
SELECT l.pid,
       a.application_name,
       a.usename::text AS role,
       coalesce(host(a.client_addr), CASE WHEN a.client_port = -1 THEN 'this server' END) AS client,
       a.backend_start::text AS since
  FROM pg_locks l
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory'
   AND l.granted
   AND l.objsubid = 1
   AND l.classid::bigint = $1 >> 32
   AND l.objid::bigint = $1 & 4294967295
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.pid <> pg_backend_pid()
 LIMIT 1
