/** The house for browser tests and pictures: the page built, everything started. Leases are short, so that a killed worker is replaced while one watches. Forked by setup.ts, it says where it is and ends with its parent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { startHouse } from '#dev/house';
import { freePorts } from '#dev/ports';
import type { TenantCredentials } from '#dev/seed';

/** Where it is and who may come in. */
export interface BrowserHouse { url: string; sandboxUrl: string; dir: string; tenants: TenantCredentials[] }

export async function openHouse(): Promise<BrowserHouse & { stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'hsync-browser-'));
  process.env['NODE_ENV'] = 'production';            // the page that people get
  await build({ configFile: resolve(import.meta.dirname, '../../web/vite.config.ts'), logLevel: 'error' });
  const house = await startHouse({ dir, port: await freePorts(5), restartMs: 300, env: { LEASE_SECONDS: '4', HEARTBEAT_SECONDS: '1', RING_AGAIN_SECONDS: '5' } });
  return {
    url: house.url, sandboxUrl: house.sandboxUrl, dir, tenants: house.credentials.tenants,
    stop: async () => { await house.stop(); rmSync(dir, { recursive: true, force: true, maxRetries: 3 }); },
  };
}

if (process.send) {
  const { stop, ...house } = await openHouse();
  process.send(house);
  process.once('disconnect', () => void stop().then(() => process.exit(0)));
}
