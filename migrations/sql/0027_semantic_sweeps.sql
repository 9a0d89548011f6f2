-- When a tenant's semantic memory was last looked through for rows that no record names: what attempts left that were killed between the two memories.
create table semantic_sweeps (
  tenant_id text primary key references tenants (id) on delete cascade,
  began_at timestamptz(3) not null default now(),
  -- When the last one began that came to its end; null: none did.
  swept_at timestamptz(3),
  -- Rows deleted by all of them.
  swept bigint not null default 0
);
alter table semantic_sweeps enable row level security;
create policy one_tenant on semantic_sweeps to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on semantic_sweeps to hsync_app;

-- Tenants whose jobs moved since the last sweep, none of which is active, and the last of which moved long enough ago. Names only.
create function tenants_to_sweep(older_than_ms float8, again_after_ms float8, most integer) returns table (tenant_id text)
language sql stable security definer set search_path = public as $$
  select j.tenant_id from historical_sync_jobs j left join semantic_sweeps s on s.tenant_id = j.tenant_id
   where s.began_at is null or s.began_at <= now() - make_interval(secs => again_after_ms / 1000)
   group by j.tenant_id, s.swept_at
  having not bool_or(j.status in ('pending', 'running')) and max(j.updated_at) > coalesce(s.swept_at, '-infinity') and max(j.updated_at) <= now() - make_interval(secs => older_than_ms / 1000)
   order by max(j.updated_at), j.tenant_id limit most
$$;
revoke all on function tenants_to_sweep(float8, float8, integer) from public;
grant execute on function tenants_to_sweep(float8, float8, integer) to hsync_app;
