-- How long the job that has waited longest has been due, seconds; 0 when none waits. A number and nothing else, as waiting_jobs.
create function waiting_seconds() returns double precision
  language sql stable security definer set search_path = public
  as $$ select coalesce(extract(epoch from now() - min(greatest(updated_at, next_retry_at))), 0)::float8 from historical_sync_jobs where status = 'pending' and (next_retry_at is null or next_retry_at <= now()) $$;
revoke all on function waiting_seconds() from public;
grant execute on function waiting_seconds() to hsync_app;
