-- The columns of one of the library's tables, and whether a row may leave them out.
SELECT attname::text AS name,
       format_type(atttypid, NULL) AS type,
       NOT attnotnull OR atthasdef OR attidentity <> '' AS is_optional
  FROM pg_attribute
 WHERE attrelid = to_regclass('public.' || quote_ident($1))
   AND attnum > 0
   AND NOT attisdropped
 ORDER BY attnum
