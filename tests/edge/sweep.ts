/** What a sweep over contract/api's route table needs: a tenant that has one of everything, and a valid request for any route. A route it cannot fill fails with a sentence. */
import { expect } from 'vitest';
import { routes, type Route, type RouteName } from '#contract/api';
import { API_KEY_PREFIX } from '#worker-api/auth';
import { openVault } from '#worker-api/vault/seal';
import { APP, as, call, env, newJob, newMember, newTenant, rows, signIn, type Answer, type Tenant } from './visitor.ts';

/** Ids by the name of the path parameter. A new kind of id gets a line in `settle` and one in `unknownIds`. */
export type Ids = Record<'job_id' | 'connection_id' | 'record_id' | 'node_id' | 'tenant_id' | 'user_id' | 'invitation_id' | 'key_id', string>;
export interface Holdings {
  tenant: Tenant;
  cookie: string;
  ids: Ids;
  /** Texts that stand only in this tenant's data: seen by anybody else, something leaks. */
  marks: string[];
}

/** A tenant with one of everything that has an id. */
export async function settle(): Promise<Holdings> {
  const tenant = await newTenant(), mark = `mark-${crypto.randomUUID()}`, cookie = await signIn(tenant), owner = { cookie };
  const job = await newJob(tenant), recordId = crypto.randomUUID(), nodeId = crypto.randomUUID();
  await rows(`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_by_job)
    values ($1, $2, 'outlook', $3, 'mail', $4, 'mail', 'h', $4, $4, now(), $5)`, tenant.id, recordId, job.source_connection_id, mark, job.job_id);
  await rows(`insert into sync_ledger (tenant_id, job_id, record_id, stream, window_no, outcome) values ($1, $2, $3, 'mail', 0, 'failed')`, tenant.id, job.job_id, recordId);
  await rows(`insert into record_failures (tenant_id, job_id, record_id, stream, provider_id, kind, message) values ($1, $2, $3, 'mail', $4, 'unreadable', $4)`, tenant.id, job.job_id, recordId, mark);
  await rows(`insert into graph_nodes (tenant_id, id, node_type, key, name, described_at, described_by) values ($1, $2, 'person', $3, $3, now(), $4)`, tenant.id, nodeId, mark, recordId);
  await rows(`insert into evidence (tenant_id, record_id, target_id, target_kind, method, confidence, name) values ($1, $2, $3, 'n', 'header', 1, $4)`, tenant.id, recordId, nodeId, mark);
  await rows(`insert into tenant_secrets (tenant_id, name, sealed, last4, model, updated_by) values ($1, 'OPENAI_API_KEY', $2, 'last', $3, 'x')`, tenant.id, await openVault(env.TOKEN_KEYS).seal(tenant.id, 'secret:OPENAI_API_KEY', mark), mark);
  const member = await newMember(tenant);
  const { body: { invitation } } = await as<{ invitation: { invitation_id: string; email: string } }>(owner, 'POST', '/api/invitations', { email: `${mark}@example.example` });
  const key = await as<{ key_id: string }>(owner, 'POST', '/api/keys', { name: mark, scopes: ['read'] });
  expect(key.status, key.text).toBe(201);
  const ids = { job_id: job.job_id, connection_id: job.source_connection_id, record_id: recordId, node_id: nodeId, tenant_id: tenant.id, user_id: member.id, invitation_id: invitation.invitation_id, key_id: key.body.key_id };
  return { tenant, cookie, ids, marks: [mark, member.email, tenant.email, ...Object.values(ids)] };
}

/** Ids that nobody has. */
export const unknownIds = (): Ids => {
  const id = (): string => crypto.randomUUID();
  return { job_id: id(), connection_id: id(), record_id: id(), node_id: id(), tenant_id: id(), user_id: id(), invitation_id: id(), key_id: id() };
};

/** Path parameters that name a kind, not somebody's thing. */
const kinds: Record<string, string> = { integration_id: 'outlook', name: 'OPENAI_API_KEY', slug: 'purchase_order' };

/** Bodies that the schema does not take empty. */
const bodies: Partial<Record<RouteName, (ids: Ids) => object>> = {
  signIn: () => ({ email: 'nobody@nowhere.example', password: 'not a password' }),
  signUp: () => ({ name: 'N', email: 'nobody@nowhere.example', password: 'short but long', invitation_token: 'unknown' }),
  changePassword: () => ({ current_password: 'not a password', new_password: 'long enough 123' }),
  createTenant: () => ({ name: 'Another' }),
  changeTenant: () => ({ name: 'Renamed' }),
  changeMember: () => ({ role: 'admin' }),
  invite: () => ({ email: `${crypto.randomUUID()}@example.example` }),
  showInvitation: () => ({ token: 'unknown' }),
  acceptInvitation: () => ({ token: 'unknown' }),
  createApiKey: () => ({ name: 'Another', scopes: ['read'] }),
  putSecret: () => ({ value: 'sk-another-key' }),
  putRedaction: () => ({ on: ['password'] }),
  setSchedule: () => ({ every: 'daily' }),
  mergeNode: (ids) => ({ into: ids.node_id }),
  context: () => ({ query: 'mark' }),
  startJob: (ids) => ({ connection_id: ids.connection_id }),
};
const queries: Partial<Record<RouteName, (ids: Ids) => string>> = { search: () => '?q=mark', checkArchive: () => '?integration_id=mbox&name=mails.mbox&bytes=9', uploadArchive: () => '?integration_id=mbox&name=mails.mbox', paths: ({ node_id: id }) => `?from=${id}&to=${id}` };

export const allRoutes = Object.entries(routes) as [RouteName, Route][];
const hasDefault = (schema: Route['body'] | Route['query'], empty: unknown): boolean => !schema || schema.safeParse(empty).success;

/** A valid request for this route with these ids. Throws a sentence for a route nobody has told the sweep how to ask. */
export function fill(name: RouteName, route: Route, ids: Ids): { method: string; path: string; body: object | undefined; usesIds: boolean } {
  let usesIds = false;
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, param: string) => {
    if (param in kinds) return kinds[param]!;
    if (!(param in ids)) throw new Error(`The sweep does not know what to put for {${param}} of the route ${name}. Give every tenant of tests/edge/sweep.ts one (settle, unknownIds), so that isolation is tested for it.`);
    usesIds = true;
    return ids[param as keyof Ids];
  });
  const body = bodies[name]?.(ids);
  if (!body && !hasDefault(route.body, undefined)) throw new Error(`The route ${name} wants a body and the sweep has none. Add one to \`bodies\` of tests/edge/sweep.ts, with the ids it may carry.`);
  if (!(name in queries) && !hasDefault(route.query, {})) throw new Error(`The route ${name} wants a query and the sweep has none. Add one to \`queries\` of tests/edge/sweep.ts.`);
  const query = queries[name]?.(ids) ?? '';
  usesIds ||= Object.values(ids).some((id) => `${query}${JSON.stringify(body ?? {})}`.includes(id));
  return { method: route.method.toUpperCase(), path: path + query, body, usesIds };
}

/** Asks as this tenant, in the strongest way the route takes: with a key that may do everything, or as the owner in person. */
export function ask(name: RouteName, route: Route, by: Holdings, ids: Ids): Promise<Answer<{ error?: { code: string } }>> {
  const { method, path, body } = fill(name, route, ids);
  const byPerson = route.scope === 'person' || route.scope === 'owner';
  return call(method, path, byPerson ? { cookie: by.cookie, headers: { origin: APP }, body } : { key: by.tenant.key, body });
}

/** Everything that is kept for a tenant, in every table there is, as one text that changes when anything does. */
export async function everythingOf(tenantId: string): Promise<string> {
  const [found] = await rows<{ all: string }>(`
    select string_agg(c.table_name || md5(query_to_xml(format('select t from %I t where tenant_id = %L order by t::text', c.table_name, $1::text), true, false, '')::text), ' ' order by c.table_name)
           || (select md5(t::text) from tenants t where id = $1) as all
      from information_schema.columns c where c.column_name = 'tenant_id' and c.table_schema = 'public'`, tenantId);
  return found!.all;
}

/** A key of this tenant with just these scopes. */
export async function newKey(tenant: Tenant, scopes: string[]): Promise<string> {
  const key = `${API_KEY_PREFIX}${crypto.randomUUID()}${crypto.randomUUID()}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  await rows(`insert into api_keys (tenant_id, id, name, prefix, hash, scopes, created_by, last_used_at) values ($1, $2, 'k', 'hs_', encode($3::bytea, 'hex'), $4, $5, now())`,
    tenant.id, crypto.randomUUID(), `\\x${[...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('')}`, scopes, `user-${tenant.id}`);
  return key;
}
