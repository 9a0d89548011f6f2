-- The graph as it is read: nodes that people merged are one, relations hold from their first record on, every figure is counted from evidence.
-- Functions, because edge and workers read the same graph. All of them run as the caller: row-level security holds in them.

-- What people merged, over the untouched graph: taking a row away restores exactly what was there.
create table node_merges (
  tenant_id text not null,
  id uuid not null,
  -- What somebody merged it into.
  into_id uuid not null,
  -- The end of that chain: the node that reads show. A node that stands for itself has no row.
  root_id uuid not null,
  merged_by text not null,
  merged_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  constraint merged_into_another check (id <> into_id and id <> root_id)
);
create index merges_by_root on node_merges (tenant_id, root_id);
alter table node_merges enable row level security;
create policy one_tenant on node_merges to hsync_app using (tenant_id = (select current_setting('app.tenant_id', true))) with check (tenant_id = (select current_setting('app.tenant_id', true)));
grant select, insert, update, delete on node_merges to hsync_app;

create function iso(moment timestamptz) returns text language sql stable as $$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- The node itself and all that was merged into it.
create function node_members(in_tenant text, root uuid) returns setof uuid language sql stable as $$
  select root union all select m.id from node_merges m where m.tenant_id = in_tenant and m.root_id = root
$$;

-- When a state ended: the first word of another one after the last word of this one. A person works at one place, a thing has one owner;
-- everything else happened and stays true. Null: it has not ended.
create function relation_ended_at(in_tenant text, relation text, of_source uuid, of_target uuid) returns timestamptz language sql stable as $$
  with pairs as (
    select e.id, coalesce(s.root_id, e.source) = of_source and coalesce(t.root_id, e.target) = of_target as is_same
      from (select w.* from graph_edges w where w.tenant_id = in_tenant and relation = 'WORKS_AT' and w.edge_type = 'WORKS_AT' and w.source in (select node_members(in_tenant, of_source))
            union all
            select o.* from graph_edges o where o.tenant_id = in_tenant and relation = 'OWNS' and o.edge_type = 'OWNS' and o.target in (select node_members(in_tenant, of_target))) e
      left join node_merges s on s.tenant_id = in_tenant and s.id = e.source
      left join node_merges t on t.tenant_id = in_tenant and t.id = e.target)
  select min(r.occurred_at) from pairs p join evidence v on v.tenant_id = in_tenant and v.target_id = p.id join records r on r.tenant_id = in_tenant and r.record_id = v.record_id
   where not p.is_same and r.occurred_at > (
     select max(q.occurred_at) from pairs o join evidence w on w.tenant_id = in_tenant and w.target_id = o.id join records q on q.tenant_id = in_tenant and q.record_id = w.record_id where o.is_same)
$$;

-- One step from a node (none that was merged away) along its edges, both ways. `at`: no state that had ended by then; whether anything was said
-- by then, and whether the far end is a node (its type may not be active), sees whoever asks. Written so that every look-up goes through its
-- index, whatever the statistics say: a table that was just filled has none.
create function graph_steps(in_tenant text, node uuid, relations text[], at timestamptz)
returns table (edge_id uuid, edge_type text, is_out boolean, far uuid) language sql stable as $$
  select s.id, s.edge_type, s.is_out, s.far
    from (select w.id, w.edge_type, w.is_out,
                 case when (select exists (select from node_merges a where a.tenant_id = in_tenant)) then coalesce((select c.root_id from node_merges c where c.tenant_id = in_tenant and c.id = w.far), w.far) else w.far end as far
            from (select node as id union all select m.id from node_merges m where m.tenant_id = in_tenant and m.root_id = node) as member
            cross join lateral (
              select e.id, e.edge_type, true as is_out, e.target as far from graph_edges e where e.tenant_id = in_tenant and e.source = member.id
              union all
              select e.id, e.edge_type, false, e.source from graph_edges e where e.tenant_id = in_tenant and e.target = member.id offset 0) as w
           where relations is null or w.edge_type = any(relations) offset 0) as s
   where s.far <> node and (at is null or s.edge_type not in ('WORKS_AT', 'OWNS')
     or coalesce(relation_ended_at(in_tenant, s.edge_type, case when s.is_out then node else s.far end, case when s.is_out then s.far else node end) > at, true))
$$;

-- How nodes are shown: under the root's own name, or, should no record support the root itself any more, under its newest member's.
create function graph_cards(in_tenant text, roots uuid[]) returns table (id uuid, node_type text, key text, name text, properties jsonb) language sql stable as $$
  select distinct on (g.id) g.id, n.node_type, n.key, n.name, n.properties
    from unnest(roots) as g(id) cross join lateral (select node_members(in_tenant, g.id) as id) as member
    join graph_nodes n on n.tenant_id = in_tenant and n.id = member.id
   order by g.id, n.id = g.id desc, n.described_at desc, n.id
$$;

-- Edges as relations: those that merging made equal are one, under the smallest id. Weight: how many records say so. Dates: of those records.
create function graph_relations(in_tenant text, edge_ids uuid[], at timestamptz)
returns table (id uuid, source uuid, edge_type text, target uuid, weight integer, first_seen timestamptz, last_seen timestamptz, valid_to timestamptz) language sql stable as $$
  select r.id, r.source, r.edge_type, r.target, r.weight, r.first_seen, r.last_seen, case when r.edge_type in ('WORKS_AT', 'OWNS') then relation_ended_at(in_tenant, r.edge_type, r.source, r.target) end
    from (
      select (array_agg(e.id order by e.id))[1] as id, coalesce(s.root_id, e.source) as source, e.edge_type, coalesce(t.root_id, e.target) as target,
             count(distinct e.record_id)::int as weight, min(e.occurred_at) as first_seen, max(e.occurred_at) as last_seen
        from (select e.*, v.record_id, c.occurred_at from unnest(edge_ids) as asked(id)
               cross join lateral (select x.id, x.source, x.edge_type, x.target from graph_edges x where x.tenant_id = in_tenant and x.id = asked.id offset 0) as e
               cross join lateral (select x.record_id from evidence x where x.tenant_id = in_tenant and x.target_id = e.id offset 0) as v
               cross join lateral (select x.occurred_at from records x where x.tenant_id = in_tenant and x.record_id = v.record_id and (at is null or x.occurred_at <= at) offset 0) as c) as e
        left join node_merges s on s.tenant_id = in_tenant and s.id = e.source
        left join node_merges t on t.tenant_id = in_tenant and t.id = e.target
       group by coalesce(s.root_id, e.source), e.edge_type, coalesce(t.root_id, e.target)) r
$$;

-- The shortest way between two nodes, walked from both ends, the smaller frontier first; of equally short ones always the same. Nothing but the
-- flag when there is none; the flag says that it was not looked for to the end.
create function graph_path(in_tenant text, from_node uuid, to_node uuid, relations text[], at timestamptz, steps_most integer, seen_most integer)
returns table (path uuid[], is_cut boolean) language plpgsql stable as $$
declare
  -- Per end: what was seen, from where, and where it goes on.
  seen_a uuid[] := array[from_node]; via_a uuid[] := array[null]::uuid[]; front_a uuid[] := seen_a;
  seen_b uuid[] := array[to_node]; via_b uuid[] := array[null]::uuid[]; front_b uuid[] := seen_b;
  from_a boolean; front uuid[]; seen uuid[]; fresh uuid[]; via uuid[]; met uuid := case when from_node = to_node then from_node end;
begin
  for step in 1 .. steps_most loop
    exit when met is not null or cardinality(front_a) = 0 or cardinality(front_b) = 0;
    if cardinality(seen_a) + cardinality(seen_b) > seen_most then return query select null::uuid[], true; return; end if;
    from_a := cardinality(front_a) <= cardinality(front_b);
    if from_a then front := front_a; seen := seen_a; else front := front_b; seen := seen_b; end if;
    select coalesce(array_agg(x.far order by x.far), '{}'), coalesce(array_agg(x.near order by x.far), '{}') into fresh, via from (
      select s.far, (array_agg(f.id order by f.no))[1] as near from unnest(front) with ordinality as f(id, no) cross join lateral graph_steps(in_tenant, f.id, relations, at) s
       where not exists (select from unnest(seen) as known(id) where known.id = s.far)
         and (at is null or (select true from evidence v cross join lateral (select from records r where r.tenant_id = in_tenant and r.record_id = v.record_id and r.occurred_at <= at offset 0) as c
                              where v.tenant_id = in_tenant and v.target_id = s.edge_id limit 1))
       group by s.far limit seen_most) x
     where coalesce((select true from graph_nodes n where n.tenant_id = in_tenant and n.id = x.far),
       exists (select from node_merges m join graph_nodes n on n.tenant_id = in_tenant and n.id = m.id where m.tenant_id = in_tenant and m.root_id = x.far));
    if from_a then seen_a := seen_a || fresh; via_a := via_a || via; front_a := fresh; seen := seen_b;
    else seen_b := seen_b || fresh; via_b := via_b || via; front_b := fresh; seen := seen_a; end if;
    select u.id into met from unnest(fresh) as u(id) where exists (select from unnest(seen) as known(id) where known.id = u.id) order by u.id limit 1;
  end loop;
  if met is null then
    return query select null::uuid[], cardinality(front_a) > 0 and cardinality(front_b) > 0;
    return;
  end if;
  path := array[met];
  while via_a[array_position(seen_a, path[1])] is not null loop path := via_a[array_position(seen_a, path[1])] || path; end loop;
  while via_b[array_position(seen_b, path[cardinality(path)])] is not null loop path := path || via_b[array_position(seen_b, path[cardinality(path)])]; end loop;
  is_cut := false;
  return next;
end $$;
