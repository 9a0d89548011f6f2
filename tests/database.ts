/** A real Postgres for a test file: embedded, migrated, behind the Neon door, with both application roles. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNeonDoor } from '#dev/neon-door';
import { startPostgres } from '#dev/postgres';
import { freePort } from '#dev/ports';
import type { Statement } from '#dev/neon-batch';
import { openDatabase, type Database } from '#migrations/database';
import { migrate, urlAs } from '#migrations/migrate';

const TEST_PASSWORD = 'test-only-password-0001';

export interface TestDatabase {
  /** Role hsync_app: one tenant a statement. */
  app: Database;
  /** Role hsync_auth. */
  auth: Database;
  /** The owner: sees everything. For looking, never for the code under test. */
  owner: Database;
  ownerUrl: string;
  appUrl: string;
  authUrl: string;
  httpUrl: string;
  wsProxy: string;
  postgresPort: number;
  stop(): Promise<void>;
}

export async function startTestDatabase(rewrite?: (statements: Statement[]) => Statement[]): Promise<TestDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'hsync-test-'));
  const [pgPort, doorPort] = [await freePort(), await freePort()];
  const postgres = await startPostgres({ dir, port: pgPort });
  const door = await startNeonDoor({ port: doorPort, postgresPort: pgPort, ...(rewrite && { rewrite }) });
  const ownerUrl = postgres.superuserUrl, httpUrl = `http://127.0.0.1:${doorPort}/sql`, wsProxy = `127.0.0.1:${doorPort}/v2`;
  await migrate({ url: ownerUrl, wsProxy, appPassword: TEST_PASSWORD, authPassword: TEST_PASSWORD });
  const appUrl = urlAs(ownerUrl, 'hsync_app', TEST_PASSWORD), authUrl = urlAs(ownerUrl, 'hsync_auth', TEST_PASSWORD);
  const at = (url: string) => openDatabase({ url, httpUrl, timeoutMs: 20_000 });
  return {
    app: at(appUrl), auth: at(authUrl), owner: at(ownerUrl), ownerUrl, appUrl, authUrl, httpUrl, wsProxy, postgresPort: pgPort,
    async stop() { await door.stop(); await postgres.stop(); rmSync(dir, { recursive: true, force: true }); },
  };
}
