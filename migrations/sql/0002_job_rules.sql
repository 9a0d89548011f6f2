-- What a job did and who asked for it; what a tenant may store a month; retries of single records; fairness between tenants.

-- The newest events of a job, for people and support. Written by the job's object; the first one by the start itself.
create table job_events (
  tenant_id text not null,
  job_id uuid not null,
  -- Counted by the job's object, from 1: saying one twice changes nothing.
  no integer not null,
  at timestamptz(3) not null,
  -- `user:<id>`, `key:<id>`, `worker:<id>` or `system`.
  actor text not null,
  event text not null,
  message text not null,
  primary key (tenant_id, job_id, no),
  foreign key (tenant_id, job_id) references historical_sync_jobs (tenant_id, id) on delete cascade
);

-- Null: what the plan gives.
alter table tenants add column acu_per_month integer check (acu_per_month >= 0);

-- Written in the commit that stores the records, one row a job: a job's commits wait for each other anyway, jobs do not. Outlives its job.
create table acu_usage (
  tenant_id text not null references tenants (id) on delete cascade,
  month date not null,
  job_id uuid not null,
  records_stored integer not null,
  primary key (tenant_id, month, job_id)
);

-- What the plan gave when the job began: a downgrade stops new jobs, this one ends as it was promised.
alter table historical_sync_jobs add column acu_at_start integer not null default 0;
-- How often people asked to try the failed records again (the object counts), and how often that was planned (the lease holder, through the gate).
alter table historical_sync_jobs add column retries_asked integer not null default 0;
alter table historical_sync_jobs add column retries_planned integer not null default 0;
-- The window whose failed records this one reads again; null: an ordinary window.
alter table sync_windows add column retry_of integer;

create index jobs_running on historical_sync_jobs (tenant_id) where status = 'running';
create index jobs_out_of_quota on historical_sync_jobs (tenant_id) where status = 'paused' and reason = 'quota_exhausted';

do $$
declare t text;
begin
  foreach t in array array['job_events', 'acu_usage'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;

-- Urgent before low, whoever asks. Within a class every tenant has its turn: a tenant's second job stands behind another's first, running ones counted.
create or replace function next_pending_jobs(most integer) returns table (tenant_id text, job_id uuid)
language sql stable security definer set search_path = public as $$
  with running as (select r.tenant_id, count(*) as jobs from historical_sync_jobs r where r.status = 'running' group by r.tenant_id),
  waiting as (
    select j.tenant_id, j.id, j.priority_rank, j.created_at, row_number() over (partition by j.tenant_id, j.priority_rank order by j.created_at, j.id) as place
      from historical_sync_jobs j where j.status = 'pending' and (j.next_retry_at is null or j.next_retry_at <= now()))
  select w.tenant_id, w.id from waiting w left join running r on r.tenant_id = w.tenant_id
   order by w.priority_rank, w.place + coalesce(r.jobs, 0), w.created_at, w.id limit most
$$;

-- Jobs that stopped for want of quota and could go on: the quota was raised, or a new month began, and a place is free. Names only.
create function jobs_with_quota_again(plans jsonb, records_per_acu integer, active_most integer, most integer) returns table (tenant_id text, job_id uuid)
language sql stable security definer set search_path = public as $$
  select distinct on (j.tenant_id) j.tenant_id, j.id from historical_sync_jobs j join tenants t on t.id = j.tenant_id
   where j.status = 'paused' and j.reason = 'quota_exhausted'
     and (select coalesce(sum(u.records_stored), 0) from acu_usage u where u.tenant_id = j.tenant_id and u.month = date_trunc('month', now() at time zone 'UTC')::date)
         < greatest(coalesce(t.acu_per_month, (plans ->> t.plan)::integer), j.acu_at_start)::bigint * records_per_acu
     and (select count(*) from historical_sync_jobs a where a.tenant_id = j.tenant_id and a.status in ('pending', 'running')) < active_most
     and not exists (select from historical_sync_jobs a where a.tenant_id = j.tenant_id and a.source_connection_id = j.source_connection_id and a.status in ('pending', 'running'))
   order by j.tenant_id, j.created_at limit most
$$;
revoke all on function jobs_with_quota_again(jsonb, integer, integer, integer) from public;
grant execute on function jobs_with_quota_again(jsonb, integer, integer, integer) to hsync_app;
