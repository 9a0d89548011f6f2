/** A tenant whose accounts are synced from the sandbox by the real line (provider client, derivation, LanceDB, Postgres), without edge and lease. Knows no connector by name. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Connector } from '#contract/connector';
import type { JobMode, StreamProgress } from '#contract/job';
import { startSandbox, type Sandbox, type SandboxOptions } from '#dev/sandbox/server';
import { openDeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { runPipeline, type Finished } from '#fly-worker/pipeline';
import { openProvider, type RequestSeen } from '#fly-worker/provider';
import { search } from '#fly-worker/reads';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { startTestDatabase, type TestDatabase } from './database.ts';
import { consent, refresh } from './sandbox-account.ts';

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
      const connectionId = randomUUID(), oauth = connector.oauth!;
      await db.owner.system([sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, ${connector.id}, ${account})`]);
      let grant = await consent(sandbox.url, oauth, account);
      const token = async (rejected?: string): Promise<string> => {
        if (rejected !== undefined) {
          const newer = await refresh(sandbox.url, oauth, grant);
          grant = { ...newer, refreshToken: newer.refreshToken ?? grant.refreshToken };
        }
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
    find: async (q) => (await search({ db: db.app, semantic, embedder }, tenantId, { q, mode: 'keyword', recency: 'ignore', limit: 50 })).results.map((hit) => hit.record_id),
    async admin<T>(method: string, path: string, body?: object): Promise<T> {
      const response = await fetch(`${sandbox.url}/admin${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return await response.json() as T;
    },
    async close() { await threads.close(); await semantic.close(); await sandbox.stop(); await db.stop(); rmSync(dir, { recursive: true, force: true }); },
  };
}
