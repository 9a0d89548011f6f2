-- Who belongs together, as it was last worked out: written as a whole by a worker, never relied upon for anything but showing it.
create table graph_communities (
  tenant_id text not null,
  node_id uuid not null,
  -- The id of its most central member.
  community_id uuid not null,
  -- 0 is the largest.
  rank integer not null,
  -- How strongly the node is tied to the others of its community.
  weight double precision not null,
  primary key (tenant_id, node_id)
);
create index communities_by_rank on graph_communities (tenant_id, rank, weight desc, node_id);

create table community_builds (
  tenant_id text not null,
  built_at timestamptz(3) not null default now(),
  modularity double precision not null,
  -- There were more ties than are looked at.
  is_cut boolean not null,
  primary key (tenant_id)
);

do $$
declare t text;
begin
  foreach t in array array['graph_communities', 'community_builds'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy one_tenant on %I to hsync_app using (tenant_id = (select current_setting(''app.tenant_id'', true))) with check (tenant_id = (select current_setting(''app.tenant_id'', true)))', t);
    execute format('grant select, insert, update, delete on %I to hsync_app', t);
  end loop;
end $$;
