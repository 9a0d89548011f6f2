-- A tenant's own embedding model: vectors beside the texts, made in the background, used for search when they are complete.
alter table tenant_secrets add column embedding_model text;

-- No row: the local vectors, and no other wish.
create table embedders (
  tenant_id text primary key references tenants (id) on delete cascade,
  -- What people asked for; null: the local vectors.
  wanted_model text,
  wanted_base_url text,
  -- {id, model, base_url, dims, asks_dims}: what searches are answered with, and what is being filled. Null: the local vectors, nothing.
  current jsonb,
  next jsonb,
  -- Who works on it: one runner at a time, raised with every claim.
  fence bigint not null default 0,
  held_until timestamptz(3),
  -- When somebody should look, and why not earlier.
  due_at timestamptz(3) not null default now(),
  message text,
  -- Datasets that nobody uses any more are dropped then.
  drop_at timestamptz(3),
  month date not null default date_trunc('month', now() at time zone 'UTC')::date,
  tokens bigint not null default 0,
  updated_at timestamptz(3) not null default now()
);
create index embedders_due on embedders (due_at);

-- Which version of a record has vectors of which embedder.
create table embedded (
  tenant_id text not null,
  record_id uuid not null,
  embedder_id text not null,
  content_hash text not null,
  primary key (tenant_id, record_id, embedder_id),
  -- A record that is forgotten takes this along.
  foreign key (tenant_id, record_id) references records (tenant_id, record_id) on delete cascade
);

do $$
declare t text;
begin
  foreach t in array array['embedders', 'embedded'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;

-- Tenants whose embedder should be looked at, and is by nobody. Names only.
create function tenants_to_embed(most integer) returns table (tenant_id text)
language sql stable security definer set search_path = public as $$
  select e.tenant_id from embedders e where e.due_at <= now() and (e.held_until is null or e.held_until <= now()) order by e.due_at, e.tenant_id limit most
$$;
revoke all on function tenants_to_embed(integer) from public;
grant execute on function tenants_to_embed(integer) to hsync_app;
