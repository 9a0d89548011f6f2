-- Forgetting records: how many a job removed, and what is left of them in semantic memory until the sweep.
alter table historical_sync_jobs add column removed integer not null default 0;
alter table sync_windows add column removed integer not null default 0;

-- Rows of semantic memory (`record_id:content_hash`) that no record names any more. Search does not find them; the sweep deletes them.
create table semantic_leftovers (
  tenant_id text not null,
  record_id uuid not null,
  content_hash text not null,
  left_at timestamptz(3) not null default now(),
  primary key (tenant_id, record_id, content_hash)
);
create index semantic_leftovers_oldest on semantic_leftovers (left_at);
alter table semantic_leftovers enable row level security;
create policy one_tenant on semantic_leftovers to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on semantic_leftovers to hsync_app;

-- Tenants with leftovers that are old enough to be swept. Names only.
create function tenants_with_leftovers(older_than_ms float8, most integer) returns table (tenant_id text)
language sql stable security definer set search_path = public as $$
  select l.tenant_id from semantic_leftovers l where l.left_at <= now() - make_interval(secs => older_than_ms / 1000) group by l.tenant_id order by min(l.left_at), l.tenant_id limit most
$$;
revoke all on function tenants_with_leftovers(float8, integer) from public;
grant execute on function tenants_with_leftovers(float8, integer) to hsync_app;
