-- Checkpoints since the statistics begin: PostgreSQL 17 and newer.
SELECT 'checkpts', format('%s by time, %s asked for, %s written', num_timed, num_requested,
                          pg_size_pretty(buffers_written * current_setting('block_size')::bigint))
  FROM pg_stat_checkpointer
