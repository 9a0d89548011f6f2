/** The house and the browser that the browser tests and screenshots use: one started for them, or one that runs already (HSYNC_BASE_URL). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { freePorts } from '#dev/ports';

const READY_MS = 120_000;
const STOP_MS = 20_000;
const ROOT = join(import.meta.dirname, '../..');

export interface Tenant { name: string; email: string; password: string; api_key: string }
export interface House { baseUrl: string; tenants: Tenant[]; stop: () => Promise<void> }

/** Starts `dev/up.ts` with data of its own and waits until it says it is ready. */
export async function openHouse(): Promise<House> {
  const running = process.env['HSYNC_BASE_URL'];
  if (running) return { ...await credentials(process.env['HSYNC_DIR'] ?? join(ROOT, '.dev')), baseUrl: running, stop: async () => {} };

  const dir = await mkdtemp(join(tmpdir(), 'hsync-browser-'));
  const child = spawn(process.execPath, ['dev/up.ts'], { cwd: ROOT, env: { ...process.env, HSYNC_PORT: String(await freePorts(5)), HSYNC_DIR: dir }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const gone = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  };
  const ready = new Promise<void>((resolve, reject) => {
    const listen = (data: Buffer): void => { said = (said + data.toString()).slice(-20_000); if (said.includes('Ready')) resolve(); };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    void gone.then(() => reject(new Error(`The house closed before it was ready. It said:\n${said}`)));
    setTimeout(() => reject(new Error(`The house was not ready after ${READY_MS / 1_000} s. It said:\n${said}`)), READY_MS).unref();
  });
  try { await ready; return { ...await credentials(dir), stop }; } catch (error) { await stop(); throw error; }
}

async function credentials(dir: string): Promise<{ baseUrl: string; tenants: Tenant[] }> {
  const { base_url, tenants } = JSON.parse(await readFile(join(dir, 'credentials.json'), 'utf8')) as { base_url: string; tenants: Tenant[] };
  return { baseUrl: base_url, tenants };
}

const chromes = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'];
export async function openBrowser(): Promise<Browser> {
  const executablePath = chromes.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('The browser test needs Chromium. On Debian and Ubuntu: apt-get update && apt-get install -y --no-install-recommends chromium. Elsewhere: install Chrome or Chromium and set CHROMIUM to its path.');
  return chromium.launch({ executablePath });
}

/** The provider's consent page: choose an account when asked to, and accept. */
export async function acceptConsent(page: Page): Promise<void> {
  const accept = page.getByRole('button', { name: /accept/i });
  await accept.waitFor();
  const accounts = page.getByRole('radio');
  if (await accounts.count() > 0 && await page.locator('input[type=radio]:checked').count() === 0) await accounts.first().check();
  await accept.click();
}
