-- A job that was refused its place after its account was reconnected waits for it as one without quota does: both go on by themselves.
drop function jobs_with_quota_again(jsonb, integer, integer, integer);
drop index jobs_out_of_quota;
create index jobs_without_room on historical_sync_jobs (tenant_id) where status = 'paused' and reason in ('quota_exhausted', 'too_many_jobs');

-- Jobs that stopped for want of quota or of a place and could go on: the quota was raised, or a new month began, and a place is free. Names only.
create function jobs_with_room_again(plans jsonb, records_per_acu integer, active_most integer, most integer) returns table (tenant_id text, job_id uuid)
language sql stable security definer set search_path = public as $$
  select distinct on (j.tenant_id) j.tenant_id, j.id from historical_sync_jobs j join tenants t on t.id = j.tenant_id
   where j.status = 'paused' and j.reason in ('quota_exhausted', 'too_many_jobs')
     and (select coalesce(sum(u.records_stored), 0) from acu_usage u where u.tenant_id = j.tenant_id and u.month = date_trunc('month', now() at time zone 'UTC')::date)
         < greatest(coalesce(t.acu_per_month, (plans ->> t.plan)::integer), j.acu_at_start)::bigint * records_per_acu
     and (select count(*) from historical_sync_jobs a where a.tenant_id = j.tenant_id and a.status in ('pending', 'running')) < active_most
     and not exists (select from historical_sync_jobs a where a.tenant_id = j.tenant_id and a.source_connection_id = j.source_connection_id and a.status in ('pending', 'running'))
   order by j.tenant_id, j.created_at limit most
$$;
revoke all on function jobs_with_room_again(jsonb, integer, integer, integer) from public;
grant execute on function jobs_with_room_again(jsonb, integer, integer, integer) to hsync_app;
