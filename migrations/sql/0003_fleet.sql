-- The second look across tenants, for the fleet: how many jobs wait and are due. A number only.
create function waiting_jobs() returns integer
language sql stable security definer set search_path = public as $$
  select count(*)::integer from historical_sync_jobs j where j.status = 'pending' and (j.next_retry_at is null or j.next_retry_at <= now())
$$;
revoke all on function waiting_jobs() from public;
grant execute on function waiting_jobs() to hsync_app;
