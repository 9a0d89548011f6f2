/**
 * Schema discovery: kinds of things that were found often enough become drafts; a person activates one, and its entities are nodes from then on.
 * Deactivating takes them out of the graph again. The entities and their evidence stay staged either way, so that activating restores everything.
 */
import { sql, type SQL } from 'drizzle-orm';
import { routes } from '#contract/api';
import { inferSchema, titleOf, type DiscoveredAnswer, type DiscoveredQuery, type EntityTypeDefinition } from '#contract/entity-types';
import { ApiError } from '#contract/errors';
import { SCHEMA_SAMPLES_MAX, TYPE_SAMPLES_MIN, TYPES_MAX } from '#contract/limits';
import { SYSTEM_NODE_TYPES } from '#contract/memory';
import type { Database } from '#migrations/database';
import { tenantDatabase } from './database.ts';
import { ask, evidenceOfRecords } from './graph/answer.ts';
import { serve, type App } from './route.ts';

export function serveEntityTypes(app: App): void {
  serve(app, routes.listEntityTypes, async ({ env, principal: { tenantId } }) => ({ entity_types: await typesOf(tenantDatabase(env), tenantId, null) }));
  serve(app, routes.activateType, async ({ env, principal: { tenantId, name }, params }) => activate(tenantDatabase(env), tenantId, await typeOf(tenantDatabase(env), tenantId, params.slug), name));
  serve(app, routes.deactivateType, async ({ env, principal: { tenantId, name }, params }) => deactivate(tenantDatabase(env), tenantId, await typeOf(tenantDatabase(env), tenantId, params.slug), name));
  serve(app, routes.listDiscovered, ({ env, principal, query }) => discovered(tenantDatabase(env), principal.tenantId, query));
}

const isSystem = (slug: string): boolean => (SYSTEM_NODE_TYPES as readonly string[]).includes(slug);
const systemTypes = sql`${`{${SYSTEM_NODE_TYPES.join(',')}}`}::text[]`;

interface TypeRow { slug: string; status: 'active' | 'inactive' | null; samples: number; json_schema: Record<string, unknown> | null; activated_at: string | null; properties: Record<string, unknown>[] }

/** The types there are, or the one of this name: the system's, those with enough samples, and those that somebody decided about. By name. */
async function typesOf(db: Database, tenantId: string, slug: string | null): Promise<EntityTypeDefinition[]> {
  const rows = await ask<TypeRow[]>(db, tenantId, sql`
    with counted as (select d.entity_type as slug, count(*)::int as samples from discovered_entities d where d.tenant_id = ${tenantId} and (${slug}::text is null or d.entity_type = ${slug}) group by 1),
    decided as (select t.* from entity_types t where t.tenant_id = ${tenantId} and (${slug}::text is null or t.slug = ${slug})),
    listed as (
      select slug, d.status, coalesce(c.samples, 0) as samples, d.json_schema, d.activated_at
        from counted c full join decided d using (slug) full join (select s as slug from unnest(${systemTypes}) s where ${slug}::text is null or s = ${slug}) s using (slug)
       where d.slug is not null or s.slug is not null or c.samples >= ${TYPE_SAMPLES_MIN} order by slug limit ${TYPES_MAX})
    select coalesce(json_agg(json_build_object('slug', l.slug, 'status', l.status, 'samples', l.samples, 'json_schema', l.json_schema, 'activated_at', iso(l.activated_at), 'properties', (${samples(tenantId)})) order by l.slug), '[]')::text as answer
      from listed l`);
  return (rows ?? []).map(({ slug: name, status, samples: count, json_schema, activated_at, properties }) => ({
    slug: name, name: titleOf(name), is_system: isSystem(name), status: isSystem(name) ? 'active' : status ?? 'draft', samples: count, json_schema: json_schema ?? inferSchema(properties), activated_at,
  }));
}

/** Properties of some of the type `l`: always the same ones. Of those that have been decided about the schema stands. */
const samples = (tenantId: string): SQL => sql`
  select coalesce(json_agg(coalesce(p.properties, '{}')), '[]') from (
    select d.id from discovered_entities d where d.tenant_id = ${tenantId} and d.entity_type = l.slug and l.json_schema is null order by d.id limit ${SCHEMA_SAMPLES_MAX}) d
    cross join lateral (select e.properties from evidence e where e.tenant_id = ${tenantId} and e.target_id = d.id order by e.properties is null, e.record_id limit 1) p`;

async function typeOf(db: Database, tenantId: string, slug: string): Promise<EntityTypeDefinition> {
  const [type] = await typesOf(db, tenantId, slug);
  if (!type) throw new ApiError('not_found', `There is no such type. One is drafted as soon as ${TYPE_SAMPLES_MIN} of its kind were found.`);
  return type;
}

type Changed = EntityTypeDefinition & { promoted: number; demoted: number };

/**
 * Promotes every staged entity of the type, once. Alone with the tenant's graph for a moment: whoever commits before finds the type inactive and is
 * caught up with here, whoever commits after promotes by itself. Throws DatabaseError.
 */
export async function activate(db: Database, tenantId: string, type: EntityTypeDefinition, by: string): Promise<Changed> {
  if (type.is_system) return { ...type, promoted: 0, demoted: 0 };
  const [types, , promoted] = await db.tenant(tenantId, [
    sql`insert into entity_types (tenant_id, slug, status, json_schema, changed_by) values (${tenantId}, ${type.slug}, 'active', ${JSON.stringify(type.json_schema)}::jsonb, ${by})
        on conflict (tenant_id, slug) do update set status = 'active', activated_at = case entity_types.status when 'active' then entity_types.activated_at else now() end, changed_by = excluded.changed_by, changed_at = now()
        returning iso(activated_at) as activated_at`,
    sql`insert into graph_nodes (tenant_id, id, node_type, key, name, properties, described_at, described_by)
        select d.tenant_id, d.id, d.entity_type, d.key, coalesce(b.name, d.key), coalesce(b.properties, '{}'), b.at, b.record_id
          from discovered_entities d cross join lateral newest_description(${tenantId}, d.id) b
         where d.tenant_id = ${tenantId} and d.entity_type = ${type.slug} and d.status = 'staged' order by d.id on conflict do nothing`,
    sql`with told as (update discovered_entities set status = 'promoted' where tenant_id = ${tenantId} and entity_type = ${type.slug} and status = 'staged' returning id) select count(*)::int as n from told`,
  ], 'exclusive');
  return { ...type, status: 'active', activated_at: String(types?.[0]?.activated_at), promoted: Number(promoted?.[0]?.n), demoted: 0 };
}

/** Its nodes go; its entities stay staged with their evidence. Throws ApiError `invalid_state` for a type of the system, DatabaseError. */
export async function deactivate(db: Database, tenantId: string, type: EntityTypeDefinition, by: string): Promise<Changed> {
  if (type.is_system) throw new ApiError('invalid_state', `The type "${type.slug}" is one of the system's and always active.`);
  if (type.status !== 'active') return { ...type, promoted: 0, demoted: 0 };
  const [, , demoted] = await db.tenant(tenantId, [
    sql`update entity_types set status = 'inactive', changed_by = ${by}, changed_at = now() where tenant_id = ${tenantId} and slug = ${type.slug}`,
    sql`delete from graph_nodes where tenant_id = ${tenantId} and node_type = ${type.slug}`,
    sql`with told as (update discovered_entities set status = 'staged' where tenant_id = ${tenantId} and entity_type = ${type.slug} and status = 'promoted' returning id) select count(*)::int as n from told`,
  ], 'exclusive');
  return { ...type, status: 'inactive', promoted: 0, demoted: Number(demoted?.[0]?.n) };
}

/** What was found, what most records speak of first. Throws DatabaseError. */
async function discovered(db: Database, tenantId: string, { status, type, integration, limit, offset }: DiscoveredQuery): Promise<DiscoveredAnswer> {
  const where = sql`d.tenant_id = ${tenantId} and (${status ?? null}::text is null or d.status = ${status ?? null}) and (${type ?? null}::text is null or d.entity_type = ${type ?? null})
    and (${integration ?? null}::text is null or exists (select from ${evidenceOfRecords(tenantId)} where v.tenant_id = ${tenantId} and v.target_id = d.id and r.integration_id = ${integration ?? null}))`;
  const answer = await ask<Pick<DiscoveredAnswer, 'entities' | 'total'>>(db, tenantId, sql`
    with page as (
      select d.*, coalesce(n.evidence, 0) as evidence from discovered_entities d
        left join (select e.target_id, count(*) as evidence from evidence e where e.tenant_id = ${tenantId} and e.target_kind = 'n' group by 1) n on n.target_id = d.id
       where ${where} order by evidence desc, d.entity_type, d.key, d.id limit ${limit} offset ${offset})
    select json_build_object('total', (select count(*) from discovered_entities d where ${where}), 'entities', (
      select coalesce(json_agg(json_build_object('id', d.id, 'entity_type', d.entity_type, 'key', d.key, 'name', coalesce(b.name, d.key), 'properties', coalesce(b.properties, '{}'), 'status', d.status,
               'records', s.records, 'first_seen', iso(s.first_seen), 'last_seen', iso(s.last_seen)) order by d.evidence desc, d.entity_type, d.key, d.id), '[]')
        from page d cross join lateral newest_description(${tenantId}, d.id) b
        cross join lateral (select count(*)::int as records, min(r.occurred_at) as first_seen, max(r.occurred_at) as last_seen from ${evidenceOfRecords(tenantId)} where v.tenant_id = ${tenantId} and v.target_id = d.id) s))::text as answer`);
  return { ...answer!, limit, offset };
}
