-- What people decided about the kinds of things found in their records. Drafts have no row: they are read off what is staged.
create table entity_types (
  tenant_id text not null,
  slug text not null,
  status text not null check (status in ('active', 'inactive')),
  -- As the samples were when it was activated.
  json_schema jsonb not null,
  activated_at timestamptz(3) not null default now(),
  changed_by text not null,
  changed_at timestamptz(3) not null default now(),
  primary key (tenant_id, slug)
);
alter table entity_types enable row level security;
create policy one_tenant on entity_types to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on entity_types to hsync_app;

-- How a thing is described: by the newest record that names it. A model's word counts less than a record's own, a key alone least of all.
create function newest_description(in_tenant text, thing uuid) returns table (name text, properties jsonb, at timestamptz, record_id uuid) language sql stable as $$
  select e.name, e.properties, d.at, e.record_id
    from evidence e cross join lateral (select x.occurred_at from records x where x.tenant_id = in_tenant and x.record_id = e.record_id offset 0) r
    cross join lateral (select case when e.name is null then '0001-01-01T00:00:00Z'::timestamptz when e.method = 'llm' then '0001-01-02T00:00:00Z'::timestamptz else r.occurred_at end as at) d
   where e.tenant_id = in_tenant and e.target_id = thing order by d.at desc, e.record_id desc limit 1
$$;
