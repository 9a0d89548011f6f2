/** A tenant whose accounts are synced from the sandbox by the real line (provider client, derivation, LanceDB, Postgres), without edge and lease. Knows no connector by name. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Connector, OAuth, TokenGrant } from '#contract/connector';
import type { JobMode, StreamProgress } from '#contract/job';
import { startSandbox, type Sandbox, type SandboxOptions } from '#dev/sandbox/server';
import { openDeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { runPipeline, type Finished } from '#fly-worker/pipeline';
import { openProvider, ProviderError, type RequestSeen } from '#fly-worker/provider';
import { search } from '#fly-worker/reads';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { startTestDatabase, type TestDatabase } from './database.ts';

export interface Range { since: string; until: string }
export interface SyncedTenant {
  db: TestDatabase;
  sandbox: Sandbox;
  tenantId: string;
  /** Signs in as this account through the sandbox's consent, as the connector's OAuth data says. */
  connect(connector: Connector, account: string): Promise<Account>;
  /** Ids of records whose texts hold these words. */
  find(q: string): Promise<string[]>;
  /** A change in the sandbox's back room; answers its JSON. */
  admin<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T>;
  close(): Promise<void>;
}
export interface Account {
  connectionId: string;
  /** One job over the range: the books, what became of the streams, and what was asked. Throws what the line throws. */
  sync(range: Range, pageSize?: number, mode?: JobMode): Promise<Finished & { streams: StreamProgress[]; asked: RequestSeen[] }>;
}

export async function openSyncedTenant(options: Partial<SandboxOptions> = {}): Promise<SyncedTenant> {
  const db = await startTestDatabase(), sandbox = await startSandbox({ port: 0, ...options }), dir = mkdtempSync(join(tmpdir(), 'hsync-synced-'));
  const semantic = openSemanticMemory({ uri: dir }), threads = openDeriveThreads(), tenantId = `t${randomUUID().slice(0, 8)}`;
  const embedder = localEmbedder(), shop = openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic });
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`]);
  return {
    db, sandbox, tenantId,
    async connect(connector, account) {
      const connectionId = randomUUID(), first = await signIn(sandbox.url, connector.oauth!, account);
      await db.owner.system([sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, ${connector.id}, ${account})`]);
      let grant = first;
      const token = async (rejected?: string): Promise<string> => {
        if (rejected !== undefined) grant = { ...grant, ...await refresh(sandbox.url, connector.oauth!, grant.refreshToken ?? '') };
        return grant.accessToken;
      };
      return {
        connectionId,
        async sync(range, pageSize = 100, mode = 'backfill') {
          const jobId = randomUUID(), signal = new AbortController().signal, baseUrl = grant.apiUrl ?? sandbox.url, asked: RequestSeen[] = [];
          await db.owner.system([sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence)
            values (${tenantId}, ${jobId}::uuid, ${connector.id}, ${connectionId}::uuid, ${range.since}::timestamptz, ${range.until}::timestamptz, 'test', 'running', 1)`]);
          try {
            const finished = await runPipeline({
              shop, mode, connector, baseUrl, range, signal, onProgress: () => undefined, lease: { tenantId, jobId, connectionId, integrationId: connector.id, fence: 1 },
              provider: openProvider({ baseUrl, concurrencyMax: connector.concurrencyMax, token, signal, pageSize, meaningOf: connector.meaningOf, onRequest: (seen) => asked.push(seen) }),
            });
            return { ...finished, streams: finished.progress.streams, asked };
          } finally {
            await db.owner.system([sql`update historical_sync_jobs set status = 'failed', reason = 'internal_error' where id = ${jobId}::uuid`]);
          }
        },
      };
    },
    find: async (q) => (await search({ db: db.app, semantic, embedder }, tenantId, { q, mode: 'keyword', limit: 50 })).results.map((hit) => hit.record_id),
    async admin<T>(method: string, path: string, body?: object): Promise<T> {
      const response = await fetch(`${sandbox.url}/admin${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return await response.json() as T;
    },
    async close() { await threads.close(); await semantic.close(); await sandbox.stop(); await db.stop(); rmSync(dir, { recursive: true, force: true }); },
  };
}

const BACK = 'http://127.0.0.1/callback', CLIENT = { client_id: 'test', client_secret: 'test' };

async function signIn(sandboxUrl: string, oauth: OAuth, account: string): Promise<TokenGrant> {
  const verifier = randomBytes(32).toString('base64url'), { name, separator } = oauth.scopeParameter ?? { name: 'scope', separator: ' ' };
  const query = { ...CLIENT, response_type: 'code', redirect_uri: BACK, state: 's', [name]: oauth.scopes.map((s) => s.scope).join(separator), code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', login_hint: account, ...oauth.authorizeExtra.always };
  const consent = await fetch(`${sandboxUrl}${oauth.authorize.path}?${new URLSearchParams(query)}`, { redirect: 'manual' });
  const code = new URL(consent.headers.get('location') ?? 'http://none/').searchParams.get('code');
  if (!code) throw new Error(`The sandbox gave no consent for ${account}: ${consent.headers.get('location')}`);
  return exchange(sandboxUrl, oauth, { grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier });
}

async function refresh(sandboxUrl: string, oauth: OAuth, refreshToken: string): Promise<Partial<TokenGrant>> {
  const grant = await exchange(sandboxUrl, oauth, { grant_type: 'refresh_token', refresh_token: refreshToken });
  return { accessToken: grant.accessToken, ...(grant.refreshToken === null ? {} : { refreshToken: grant.refreshToken }) };
}

async function exchange(sandboxUrl: string, oauth: OAuth, form: Record<string, string>): Promise<TokenGrant> {
  const answer: unknown = await (await fetch(`${sandboxUrl}${oauth.token.path}`, { method: 'POST', body: new URLSearchParams({ ...CLIENT, ...form }) })).json();
  const grant = oauth.tokenAnswer.safeParse(answer);
  if (!grant.success) throw new ProviderError('auth_expired', `No token: ${JSON.stringify(answer)}. Reconnect.`);
  return grant.data;
}
