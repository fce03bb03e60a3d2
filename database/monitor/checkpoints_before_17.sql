-- Checkpoints since the statistics begin: PostgreSQL 14 to 16.
SELECT 'checkpts', format('%s by time, %s asked for, %s written', checkpoints_timed, checkpoints_req,
                          pg_size_pretty(buffers_checkpoint * current_setting('block_size')::bigint))
  FROM pg_stat_bgwriter
