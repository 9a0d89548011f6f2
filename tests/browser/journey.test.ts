/** A person's way through the product in a real browser: sign in, connect, prompt, start, watch, search, open a hit; and once more with the live line cut. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { acceptConsent, openBrowser, openHouse } from './house.ts';
import type { House, Tenant } from './house.ts';

const SYNC_MS = 150_000;
let house: House, browser: Browser, context: BrowserContext, page: Page, tenant: Tenant;
const complaints: string[] = [];
/** While set, no WebSocket gets through. */
let cut = false;

beforeAll(async () => {
  browser = await openBrowser();
  house = await openHouse();
  const [first] = house.tenants;
  if (!first) throw new Error('credentials.json names no tenant');
  tenant = first;
  context = await browser.newContext({ baseURL: house.baseUrl, viewport: { width: 1280, height: 860 } });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.routeWebSocket(/\/ws\//, (socket) => { if (cut) void socket.close({ code: 1011 }); else socket.connectToServer(); });
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  // 401 before signing in is how the page learns that nobody is.
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('401')) complaints.push(`console: ${message.text()}`); });
}, 180_000);
afterAll(async () => { await browser?.close(); await house?.stop(); }, 60_000);

test('a wrong password is refused with a sentence', async () => {
  await page.goto('/');
  await page.getByLabel('E-mail').fill(tenant.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('not right').waitFor();
});

test('signs in', async () => {
  await page.getByLabel('Password').fill(tenant.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor();
});

test('connects Outlook through the consent page and is asked about the past', async () => {
  await page.getByRole('article', { name: 'Outlook' }).getByRole('button', { name: 'Connect' }).click();
  const consent = page.getByRole('dialog', { name: 'Connect Outlook' });
  expect(await consent.getByRole('listitem').count()).toBeGreaterThan(0);
  await consent.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page);
  const prompt = page.getByRole('dialog', { name: 'Outlook is connected' });
  await prompt.waitFor();
  expect(new URL(page.url()).searchParams.has('connected')).toBe(false);
  expect(await prompt.getByRole('radio', { name: '3 months' }).getAttribute('aria-checked')).toBe('true');
});

test('starts the sync and sees it move', async () => {
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  const monitor = page.getByRole('region', { name: 'Historical sync' });
  await monitor.waitFor();
  await expect.poll(() => records(page), { timeout: 60_000, interval: 100 }).toBeGreaterThan(0);
  await expect.poll(async () => await status(page) === 'completed' || /^\d+ % · /.test(await page.title()), { timeout: 15_000, interval: 50 }).toBe(true);
});

test('completes with balanced books', async () => {
  await expect.poll(() => status(page), { timeout: SYNC_MS, interval: 300 }).toBe('completed');
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'The books' }).waitFor();
  await page.getByText('Balanced', { exact: true }).waitFor();
}, SYNC_MS + 20_000);

test('finds something from the keyboard, and the address keeps it', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('invoice');
  await page.keyboard.press('Enter');
  const first = page.getByRole('main').getByRole('listitem').filter({ has: page.getByRole('time') }).first();
  await first.waitFor();
  expect(await page.locator('mark').count()).toBeGreaterThan(0);
  await page.getByText(/complete back to/i).first().waitFor();
  await page.getByRole('radio', { name: 'Words' }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('?q=invoice&mode=keyword');
  await page.reload();
  await first.waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('invoice');
});

test('opens a hit, and back closes it', async () => {
  const title = page.locator('.hit-title').first(), name = (await title.textContent())?.trim() ?? '';
  await title.click();
  const record = page.getByRole('dialog', { name });
  await record.locator('.record-text p').first().waitFor();
  expect((await record.locator('.record-text').textContent())?.length).toBeGreaterThan(20);
  await page.goBack();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
});

test('says so when nothing is found, with a way on', async () => {
  await page.getByRole('searchbox').fill('zxqvwk');
  await page.getByRole('heading', { name: /nothing found/i }).waitFor();
  await page.getByRole('link', { name: 'Search by meaning' }).waitFor();
});

test('gets there by polling when the live line is cut; reloading changes nothing', async () => {
  cut = true;
  await page.goto('/');
  await page.getByRole('button', { name: 'Sync history' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await page.reload();
  await expect.poll(() => status(page), { timeout: SYNC_MS, interval: 300 }).toBe('completed');
  await page.getByRole('link', { name: 'Sync history' }).first().click();
  await expect.poll(() => page.getByRole('main').getByRole('table').getByRole('link').count()).toBe(2);
}, SYNC_MS + 20_000);

test('signs out', async () => {
  await page.getByRole('button', { name: /^Account/ }).first().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('nothing broke on the way', () => { expect(complaints).toEqual([]); });

async function records(on: Page): Promise<number> {
  const figure = on.getByRole('region', { name: 'Historical sync' }).locator('.figure', { hasText: 'Records' }).locator('dd');
  return Number((await figure.first().textContent({ timeout: 5_000 }))?.replace(/\D/g, '') ?? '0');
}
const status = (on: Page): Promise<string | null> => on.getByRole('region', { name: 'Historical sync' }).first().getAttribute('data-status');
