-- What people asked to have erased: the receipt, and the work that is left of it.
create table erasures (
  tenant_id text not null,
  id uuid not null,
  subject text not null check (subject in ('record', 'person', 'connection', 'tenant')),
  -- Of the record, node or connection; null: everything the tenant has in memory.
  subject_id uuid,
  requested_by text not null,
  requested_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  records integer not null default 0,
  evidence integer not null default 0,
  nodes integer not null default 0,
  edges integer not null default 0,
  entities integer not null default 0,
  -- Rows of semantic memory.
  texts integer not null default 0,
  primary key (tenant_id, id)
);
create index erasures_unfinished on erasures (requested_at) where finished_at is null;

-- Records that are being erased: reads leave them out from the moment of asking, until they are gone.
create table erasing (
  tenant_id text not null,
  record_id uuid not null,
  erasure_id uuid not null,
  primary key (tenant_id, record_id, erasure_id)
);
create index erasing_by_erasure on erasing (tenant_id, erasure_id, record_id);

do $$
declare t text;
begin
  foreach t in array array['erasures', 'erasing'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;

-- Erasures that nobody finished, the oldest first. Ids only.
create function unfinished_erasures(most integer) returns table (tenant_id text, id uuid) language sql stable security definer set search_path = public as $$
  select e.tenant_id, e.id from erasures e where e.finished_at is null order by e.requested_at, e.id limit most
$$;
revoke all on function unfinished_erasures(integer) from public;
grant execute on function unfinished_erasures(integer) to hsync_app;
