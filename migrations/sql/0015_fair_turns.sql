-- Short jobs end before the next one is asked for: counting only what runs, a tenant's third overtook another's first. Whoever had a turn since the
-- queue's oldest job came (an hour back at most) stands behind those who had none.
create index jobs_by_start on historical_sync_jobs (started_at);

create or replace function next_pending_jobs(most integer) returns table (tenant_id text, job_id uuid)
language sql stable security definer set search_path = public as $$
  with due as (select j.tenant_id, j.id, j.priority_rank, j.created_at, j.started_at from historical_sync_jobs j where j.status = 'pending' and (j.next_retry_at is null or j.next_retry_at <= now())),
  rush as (select greatest(min(d.created_at), now() - interval '1 hour') as since from due d),
  served as (
    select s.tenant_id, count(*) as turns from historical_sync_jobs s
     where s.status = 'running' or s.started_at >= (select since from rush) group by s.tenant_id),
  -- A job that comes back to the queue is no turn against itself.
  waiting as (
    select d.*, row_number() over (partition by d.tenant_id, d.priority_rank order by d.created_at, d.id)
                - count(*) filter (where d.started_at >= (select since from rush)) over (partition by d.tenant_id) as place
      from due d)
  select w.tenant_id, w.id from waiting w left join served s on s.tenant_id = w.tenant_id
   order by w.priority_rank, w.place + coalesce(s.turns, 0), w.created_at, w.id limit most
$$;
