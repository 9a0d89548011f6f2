-- Keeping a connection up to date: how often, when next, and jobs that only read what is new or changed.
alter table connections
  add column schedule text not null default 'off' check (schedule in ('off', 'hourly', 'daily')),
  -- Null: off. In the past: due, and tried every minute until it can be started.
  add column next_sync_at timestamptz(3),
  -- Why the last due sync was skipped; null: it was not.
  add column schedule_note text,
  add constraint scheduled_means_due check ((schedule = 'off') = (next_sync_at is null));
create index connections_due_next on connections (next_sync_at) where next_sync_at is not null;

alter table historical_sync_jobs add column mode text not null default 'backfill' check (mode in ('backfill', 'incremental'));

-- Connections whose time has come, the longest waiting first. One that could not start now anyway, because its account or its tenant is busy, is left for later and hides nobody.
create function connections_due(active_most integer, most integer) returns table (tenant_id text, connection_id uuid, integration_id text, due_at timestamptz)
language sql stable security definer set search_path = public as $$
  select c.tenant_id, c.id, c.integration_id, c.next_sync_at from connections c
   where c.next_sync_at <= now()
     and (select count(*) from historical_sync_jobs a where a.tenant_id = c.tenant_id and a.status in ('pending', 'running')) < active_most
     and not exists (select from historical_sync_jobs a where a.tenant_id = c.tenant_id and a.source_connection_id = c.id and a.status in ('pending', 'running'))
   order by c.next_sync_at, c.tenant_id, c.id limit most
$$;
revoke all on function connections_due(integer, integer) from public;
grant execute on function connections_due(integer, integer) to hsync_app;
