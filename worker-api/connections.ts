/** Connected accounts: list, connect by OAuth, disconnect. */
import { sql, type SQL } from 'drizzle-orm';
import type { Context } from 'hono';
import { type Connection, OAUTH_CALLBACK_PATH, routes } from '#contract/api';
import { breakerSentence, stateOf, type Breaker } from '#contract/breaker';
import type { Connector } from '#contract/connector';
import { accessSentences, ApiError, type AccessAfter, type ConnectError } from '#contract/errors';
import { IntegrationId } from '#contract/job';
import { ACCOUNT_TIMEOUT_MS, OAUTH_STATE_SECONDS, USAGE_DAYS_SHOWN } from '#contract/limits';
import { connectorOf, connectors } from '#fly-worker/connectors/index';
import type { Row } from '#migrations/database';
import { bytesMaxOf, dropArchive } from './archive-store.ts';
import { principalOf, type Principal } from './auth.ts';
import { tenantDatabase, utc } from './database.ts';
import type { Env } from './env.ts';
import { confirmed, eraseConnection, mayErase } from './erasing.ts';
import { addressOf, authorizeUrl, exchangeCode, newVerifier, type Tokens } from './oauth-client.ts';
import { OAuthError } from './oauth-error.ts';
import { objectOf } from './jobs.ts';
import { serve, uuidOr404, type App } from './route.ts';
import { vaultName, VERIFIER_PURPOSE } from './vault/connection-vault.ts';
import { openVault, toBase64Url } from './vault/seal.ts';

/** Select list over `connections c`, for `toConnection`. */
export const connectionColumns = sql`c.id::text, integration_id, account, status, array_to_string(scopes, ' ') as scopes, ${utc('created_at')} as created_at,
  ${utc('last_synced_at')} as last_synced_at, schedule, ${utc('next_sync_at')} as next_sync_at, schedule_note, failures_in_a_row, (extract(epoch from open_until) * 1000)::float8 as open_until,
  (select json_build_object('bytes', a.bytes, 'sha256', a.sha256, 'uploaded_at', ${utc('a.uploaded_at')}) from archives a where a.tenant_id = c.tenant_id and a.connection_id = c.id) as archive,
  (select json_build_object('today', ${countedFrom(0)}, 'last_30_days', ${countedFrom(USAGE_DAYS_SHOWN - 1)}) from provider_usage u where u.tenant_id = c.tenant_id and u.connection_id = c.id) as usage`;
function countedFrom(daysAgo: number): SQL {
  const since = sql`filter (where u.day >= (now() at time zone 'UTC')::date - ${daysAgo}::int)`;
  return sql`json_build_object('requests', coalesce(sum(u.requests) ${since}, 0)::int, 'throttled', coalesce(sum(u.throttled) ${since}, 0)::int)`;
}

export const toConnection = (row: Row): Connection => ({
  connection_id: String(row.id), integration_id: row.integration_id as Connection['integration_id'], account: String(row.account), status: row.status as Connection['status'],
  scope: String(row.scopes ?? '').split(' ').filter(Boolean), created_at: String(row.created_at), last_synced_at: row.last_synced_at === null ? null : String(row.last_synced_at),
  schedule: row.schedule as Connection['schedule'], next_sync_at: row.next_sync_at as string | null, schedule_note: row.schedule_note as string | null,
  archive: row.archive as Connection['archive'],
  health: healthOf(row.integration_id as IntegrationId, { failures: Number(row.failures_in_a_row), openUntil: row.open_until as number | null }, Date.now()), usage: row.usage as Connection['usage'],
});

function healthOf(integrationId: IntegrationId, breaker: Breaker, now: number): Connection['health'] {
  const state = stateOf(breaker, now), { failures, openUntil } = breaker;
  const message = state === 'open' ? breakerSentence(connectorOf(integrationId)?.title ?? integrationId, failures, openUntil!) : null;
  return { state, failures_in_a_row: failures, next_try_at: openUntil === null ? null : new Date(openUntil).toISOString(), message };
}

export function serveConnections(app: App): void {
  serve(app, routes.listIntegrations, async ({ env }) => ({
    integrations: connectors.map(({ id, title, oauth, upload }) => ({
      integration_id: id, title, scopes: (oauth?.scopes ?? []).map((s) => ({ scope: s.scope, in_words: s.inWords })),
      connect: upload ? 'upload' as const : 'oauth' as const,
      upload: upload ? { in_words: upload.inWords, extensions: [...upload.extensions], bytes_max: bytesMaxOf(env) } : null,
    })),
  }));

  serve(app, routes.listConnections, async ({ env, principal: { tenantId } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${connectionColumns} from connections c where tenant_id = ${tenantId} order by created_at, c.id`]);
    return { connections: (rows ?? []).map(toConnection) };
  });

  serve(app, routes.authorizeConnection, async ({ env, principal, params, body }) => {
    const connector = connectable(params.integration_id);
    const state = newVerifier(), verifier = newVerifier();
    const url = await authorizeUrl(env, principal.tenantId, connector, { redirectUri: redirectUri(env, connector), state, verifier, loginHint: body?.login_hint })
      .catch((e: unknown) => { throw e instanceof OAuthError ? new ApiError('unprocessable', e.message) : e; });
    const sealed = await openVault(env.TOKEN_KEYS).seal(principal.tenantId, VERIFIER_PURPOSE, verifier);
    await tenantDatabase(env).tenant(principal.tenantId, [
      sql`delete from oauth_states where tenant_id = ${principal.tenantId} and expires_at < now()`,
      sql`insert into oauth_states (tenant_id, state_hash, integration_id, principal, sealed_verifier, expires_at)
          values (${principal.tenantId}, ${await sha256(state)}, ${connector.id}, ${principal.name}, ${sealed}, now() + make_interval(secs => ${OAUTH_STATE_SECONDS}))`,
    ]);
    return { authorize_url: url };
  });

  serve(app, routes.disconnect, async ({ env, principal, params, query, body }) => {
    const id = uuidOr404(params.connection_id), { tenantId, name } = principal;
    if (query.forget === 'true') await mayForget(env, principal, id, body.confirm);
    const [rows, active, others] = await tenantDatabase(env).tenant(tenantId, [
      sql`with before as (select id, sealed_tokens from connections where tenant_id = ${tenantId} and id = ${id}::uuid for update)
          update connections c set status = 'revoked', sealed_tokens = null, updated_at = now() from before where c.tenant_id = ${tenantId} and c.id = before.id returning ${connectionColumns}, before.sealed_tokens as sealed`,
      sql`select id::text from historical_sync_jobs where tenant_id = ${tenantId} and source_connection_id = ${id}::uuid and status in ('pending', 'running')`,
      sql`select o.integration_id from connections c join connections o on o.tenant_id = c.tenant_id and o.account = c.account and o.id <> c.id and o.status <> 'revoked'
           where c.tenant_id = ${tenantId} and c.id = ${id}::uuid`,
    ]);
    const row = rows?.[0];
    if (!row) throw new ApiError('not_found', 'There is no such connection. It may have been removed.');
    // A worker holds an access token for the whole run; it must not read on with it.
    for (const job of active ?? []) await objectOf(env, tenantId, String(job.id)).disconnected(name);
    if (row.archive !== null) await dropArchive(env, tenantId, id);
    const access = row.archive !== null ? 'file_deleted' : await giveBack(env, tenantId, row, (others ?? []).map((o) => String(o.integration_id)));
    const erasure = query.forget === 'true' ? await eraseConnection(env, principal, id) : null;
    return { ...toConnection(row), archive: null, access, message: accessSentences[access], erasure };
  });

  app.get(OAUTH_CALLBACK_PATH.replace('{integration_id}', ':integration_id'), finishConsent);
}

/** Before anything is done. Throws ApiError `forbidden`, `not_found`, `bad_request`. */
async function mayForget(env: Env, principal: Principal, id: string, typed: string | undefined): Promise<void> {
  mayErase(principal);
  const [rows] = await tenantDatabase(env).tenant(principal.tenantId, [sql`select account from connections where tenant_id = ${principal.tenantId} and id = ${id}::uuid`]);
  if (!rows?.[0]) throw new ApiError('not_found', 'There is no such connection. It may have been removed.');
  confirmed(principal, typed, String(rows[0].account), 'the account of the connection');
}

/** Ends our access at the provider as well, as far as it lets us. `others`: integrations that are connected with the same account. */
async function giveBack(env: Env, tenantId: string, { id, integration_id, sealed }: Row, others: string[]): Promise<AccessAfter> {
  const connector = connectors.find((c) => c.id === integration_id), revoke = connector?.oauth?.revoke;
  if (!connector || typeof sealed !== 'string') return 'none';
  if (!revoke) return 'not_offered';
  const provider = connector.oauth?.provider;
  if (revoke.wholeAccount && connectors.some((c) => others.includes(c.id) && c.oauth?.provider === provider)) return 'in_use';
  return await env.CONNECTION_VAULT.getByName(vaultName(tenantId, String(id))).withdraw(connector.id, sealed) ? 'withdrawn' : 'unconfirmed';
}

/** Back from the consent page: the state must be ours, unused, fresh and begun by the same caller. */
async function finishConsent(context: Context<{ Bindings: Env }>): Promise<Response> {
  const { env, req } = context;
  const back = (query: `connected=${string}` | `connect_error=${ConnectError}`) => context.redirect(`${env.APP_URL}/?${query}`, 302);
  const principal = await principalOf(req.raw, env).catch((e: unknown) => {
    if (e instanceof ApiError && e.code === 'unauthenticated' && req.header('accept')?.includes('text/html')) return null;
    throw e;
  });
  if (!principal) return back('connect_error=signed_out');
  const { code, state, error } = req.query();
  const integration = IntegrationId.safeParse(req.param('integration_id'));
  if (!integration.success) throw new ApiError('not_found', 'There is no such integration.');
  if (error) return back(`connect_error=${error === 'access_denied' ? 'declined' : 'provider'}`);
  const connector = connectable(integration.data);
  if (!code || !state) return back('connect_error=incomplete');
  const { tenantId } = principal;
  const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
    delete from oauth_states where tenant_id = ${tenantId} and state_hash = ${await sha256(state)} and integration_id = ${connector.id} and principal = ${principal.name} and expires_at > now() returning sealed_verifier`]);
  const sealed = rows?.[0]?.sealed_verifier;
  if (typeof sealed !== 'string') return back('connect_error=expired');
  try {
    const { text: verifier } = await openVault(env.TOKEN_KEYS).open(tenantId, VERIFIER_PURPOSE, sealed);
    const tokens = await exchangeCode(env, tenantId, connector, code, verifier, redirectUri(env, connector), Date.now());
    const account = await accountName(env, connector, tokens);
    return back(`connected=${await connect(env, principal, connector, account, tokens)}`);
  } catch (e) {
    if (e instanceof OAuthError) return back(`connect_error=${e.kind}`);
    throw e;
  }
}

/** The connection's row and tokens; jobs that waited for just this account go on. */
async function connect(env: Env, { tenantId, name }: Principal, connector: Connector, account: string, tokens: Tokens): Promise<string> {
  const scopes = `{${(connector.oauth?.scopes ?? []).map((s) => `"${s.scope}"`).join(',')}}`;
  const db = tenantDatabase(env);
  const [rows] = await db.tenant(tenantId, [sql`
    insert into connections (tenant_id, id, integration_id, account, scopes) values (${tenantId}, ${crypto.randomUUID()}::uuid, ${connector.id}, ${account}, ${scopes}::text[])
    on conflict (tenant_id, integration_id, account) do update set scopes = excluded.scopes, updated_at = now(),
      next_sync_at = case when connections.schedule = 'off' then null else now() end, schedule_note = null returning id::text`]);
  const id = String(rows?.[0]?.id);
  await env.CONNECTION_VAULT.getByName(vaultName(tenantId, id)).connected(tokens);
  const [waiting] = await db.tenant(tenantId, [sql`select id::text from historical_sync_jobs where tenant_id = ${tenantId} and source_connection_id = ${id}::uuid and status = 'paused' and reason = 'auth_expired' order by created_at desc limit 1`]);
  for (const job of waiting ?? []) await objectOf(env, tenantId, String(job.id)).reconnected(name);
  return id;
}

async function accountName(env: Env, connector: Connector, tokens: Tokens): Promise<string> {
  const { path, schema } = connector.oauth!.account;
  const response = await fetch(`${tokens.apiUrl ?? addressOf(env, connector.baseUrl!)}${path}`, { headers: { authorization: `Bearer ${tokens.accessToken}`, accept: 'application/json' }, signal: AbortSignal.timeout(ACCOUNT_TIMEOUT_MS), redirect: 'manual' })
    .catch(() => { throw new OAuthError('unavailable', `${connector.title} did not say whose account this is.`); });
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (!response.ok || !parsed.success) throw new OAuthError('unavailable', `${connector.title} did not say whose account this is.`);
  return parsed.data;
}

function connectable(id: IntegrationId): Connector {
  const connector = connectorOf(id);
  if (!connector?.oauth) throw new ApiError('unprocessable', 'This integration cannot be connected by signing in.');
  return connector;
}

const redirectUri = (env: Env, connector: Connector): string => `${env.APP_URL}${OAUTH_CALLBACK_PATH.replace('{integration_id}', connector.id)}`;
const sha256 = async (text: string): Promise<string> => toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
