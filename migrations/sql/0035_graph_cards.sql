-- The nodes behind roots, as before, with the members of each looked up in place: a function called for every root took two of the three milliseconds that the entities of a search cost.
create or replace function graph_cards(in_tenant text, roots uuid[]) returns table (id uuid, node_type text, key text, name text, properties jsonb) language sql stable as $$
  select distinct on (g.id) g.id, n.node_type, n.key, n.name, n.properties
    from unnest(roots) as g(id) cross join lateral (
      select g.id as id union all select m.id from node_merges m where m.tenant_id = in_tenant and m.root_id = g.id offset 0) as member
    join graph_nodes n on n.tenant_id = in_tenant and n.id = member.id
   order by g.id, n.id = g.id desc, n.described_at desc, n.id
$$;
