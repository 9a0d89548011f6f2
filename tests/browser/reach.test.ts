/** The page when the line is bad: the live socket cut and back, two tabs that agree, no network and back. And the client alone, without a page. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { createClient } from '../../web/client/index.ts';
import type { HistoricalSyncJob, JobsListResponse, StartSyncRequest, SyncProgressEvent } from '../../web/client/index.ts';
import { openClient } from '../client.ts';
import { newPage, openBrowser, sandbox, signIn } from './browser.ts';

const house = inject('house'), tenant = house.tenants[1]!, ACCOUNT = 'reach@reach.example';
const SYNC_MS = 90_000;
let browser: Browser, context: BrowserContext, page: Page, connectionId: string;
/** While set, no WebSocket gets through. */
let cut = false;

beforeAll(async () => {
  browser = await openBrowser();
  await sandbox(house.sandboxUrl, 'accounts', { address: ACCOUNT, name: 'Reach', mails: 400, events: 20, seed: 11, months: 3 });
  connectionId = await openClient(house.url, tenant.api_key).connect(ACCOUNT);
  context = await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 } });
  await context.routeWebSocket(/\/ws\//, (socket) => {
    if (cut) { void socket.close({ code: 1011 }); return; }
    const server = socket.connectToServer();
    cutters.push(() => { void server.close(); void socket.close({ code: 1011 }); });
  });
  page = await newPage(context);
  await page.goto('/integrations');
  await signIn(page, tenant);
}, 60_000);
afterAll(async () => { await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 }); await browser?.close(); }, 60_000);

const cutters: (() => void)[] = [];
const cardOn = (on: Page) => on.getByRole('article', { name: new RegExp(`Outlook, ${ACCOUNT}`) });
const status = (on: Page): Promise<string | null> => cardOn(on).locator('[data-status]').first().getAttribute('data-status');
const start = async (): Promise<void> => {
  await cardOn(page).getByRole('button', { name: 'Sync history' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
};

test('the live line cut, progress is asked for every 5 s; back, it is live again; nothing is lost', async () => {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 1_200 });
  await start();
  await cardOn(page).getByText('Live', { exact: true }).waitFor();
  cut = true;
  for (const end of cutters.splice(0)) end();
  await cardOn(page).getByText('Every 5 s').waitFor();
  cut = false;
  await cardOn(page).getByText('Live', { exact: true }).waitFor();
});

test('a second tab shows the same, and what is done in one is seen in the other at once', async () => {
  const second = await newPage(context);
  await second.goto('/integrations');
  await expect.poll(() => status(second), { timeout: 10_000 }).toBe('running');
  await cardOn(page).getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => status(second), { timeout: 5_000 }).toBe('paused');
  await cardOn(second).getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => status(page), { timeout: 5_000 }).toMatch(/pending|running/);
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 });
  for (const on of [page, second]) await expect.poll(() => status(on), { timeout: SYNC_MS }).toBe('completed');
  await second.close();
}, SYNC_MS);

test('without a network it says so and keeps what it knows; when it is back, so is everything', async () => {
  await context.setOffline(true);
  await page.getByText('You are offline').waitFor();
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Integrations' }).click();
  await cardOn(page).getByText('records').first().waitFor();
  await context.setOffline(false);
  await page.getByText('You are offline').waitFor({ state: 'detached' });
  await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Overview' }).click();
  await page.getByText(ACCOUNT).first().waitFor();
});

test('signing out in one tab signs out in the other', async () => {
  const second = await newPage(context);
  await second.goto('/jobs');
  await second.getByRole('heading', { name: 'Sync history' }).waitFor();
  await page.getByRole('button', { name: /^Account/ }).first().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await second.getByRole('button', { name: 'Sign in' }).waitFor();
  await second.close();
});

test('the client works alone, with an API key: start, list, look, follow, cancel, resume', async () => {
  const client = createClient({ baseUrl: house.url, apiKey: tenant.api_key, openSocket: (url, headers) => new WebSocket(url, { headers }) as never });
  const request: StartSyncRequest = { connection_id: connectionId, chunk_size: 50 };
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 300 });
  const job: HistoricalSyncJob = await client.startHistoricalSync('outlook', request);
  expect((await client.getJobStatus(job.job_id)).job_id).toBe(job.job_id);
  const listed: JobsListResponse = await client.listSyncJobs('outlook', { limit: 1 });
  expect(listed.jobs.map((one) => one.job_id)).toEqual([job.job_id]);
  const events: SyncProgressEvent[] = [];
  const end = new Promise<void>((resolve, reject) => { client.subscribeToProgress(job.job_id, { onEvent: (event) => events.push(event), onEnd: resolve, onError: reject }); });
  await expect.poll(() => events.length).toBeGreaterThan(0);
  expect((await client.cancelSyncJob(job.job_id)).status).toBe('cancelled');
  await end;
  expect(events.at(-1)?.type).toBe('cancelled');
  expect(events.map((event) => event.seq)).toEqual(events.map((event) => event.seq).toSorted((a, b) => a - b));
  await expect(client.resumeSyncJob(job.job_id)).rejects.toMatchObject({ code: 'invalid_state', status: 409 });
});
