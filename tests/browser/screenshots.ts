/** Pictures of every screen, wide and 390 px, light and dark, into .dev/screenshots: `HSYNC_BASE_URL=http://127.0.0.1:8787 node tests/browser/screenshots.ts`. Without the address it starts a house of its own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { acceptConsent, openBrowser, openHouse } from './house.ts';
import type { House, Tenant } from './house.ts';

const OUT = join(import.meta.dirname, '../../.dev/screenshots');
const sizes = { wide: { width: 1360, height: 900 }, narrow: { width: 390, height: 844 } } as const;
type Look = { size: keyof typeof sizes; scheme: 'light' | 'dark' };
const looks: Look[] = [{ size: 'wide', scheme: 'light' }, { size: 'wide', scheme: 'dark' }, { size: 'narrow', scheme: 'light' }, { size: 'narrow', scheme: 'dark' }];

let taken = 0;
const tooWide: string[] = [];

/** Tells the page its size and colours, waits for it to settle, and looks. */
async function picture(page: Page, name: string): Promise<void> {
  for (const { size, scheme } of looks) {
    await page.setViewportSize(sizes[size]);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.waitForTimeout(120);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) tooWide.push(`${name} (${size}): ${over} px`);
    await page.screenshot({ path: join(OUT, `${name}-${size}-${scheme}.png`), animations: 'disabled' });
    taken++;
  }
  await page.setViewportSize(sizes.wide);
}

async function signIn(page: Page, { email, password }: Tenant): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor();
}

async function journey(page: Page, tenant: Tenant): Promise<void> {
  await page.goto('/');
  await page.getByLabel('E-mail').waitFor();
  await picture(page, '01-sign-in');
  await page.getByLabel('E-mail').fill(tenant.email);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await picture(page, '02-sign-in-refused');
  await signIn(page, tenant);

  const connect = page.getByRole('article', { name: 'Outlook', exact: true }).getByRole('button', { name: 'Connect' });
  await page.getByRole('article').first().waitFor();
  if (await connect.count() > 0) {
    await picture(page, '03-home-empty');
    await page.goto('/search?q=invoice');
    await page.getByRole('heading', { level: 2 }).waitFor();
    await picture(page, '04-search-nothing-in-memory');
    await page.goto('/jobs');
    await page.getByRole('heading', { name: 'Nothing synced yet' }).waitFor();
    await picture(page, '05-jobs-empty');
    await page.goto('/?connect_error=declined');
    await page.getByRole('alert').waitFor();
    await picture(page, '06-connect-error');
    await connect.click();
    await page.getByRole('dialog').waitFor();
    await picture(page, '07-connect');
    await page.getByRole('button', { name: 'Continue to Outlook' }).click();
    await acceptConsent(page);
    await page.getByRole('dialog').waitFor();
  } else {
    await page.getByRole('button', { name: 'Sync history' }).first().click();
  }
  await picture(page, '08-prompt');
  await page.getByRole('radio', { name: 'Custom' }).click();
  await picture(page, '09-prompt-custom');
  await page.getByRole('radio', { name: '3 months' }).click();
  await page.getByRole('button', { name: 'Start sync' }).click();

  const monitor = page.getByRole('region', { name: 'Historical sync' });
  await monitor.waitFor();
  await picture(page, '10-waiting');
  await page.waitForFunction(() => document.querySelector('[data-status="running"],[data-status="completed"]'));
  await page.waitForTimeout(1_500);
  await picture(page, '11-running');
  const pause = page.getByRole('button', { name: 'Pause' });
  if (await pause.count() > 0) {
    await pause.click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await picture(page, '12-paused');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('alertdialog').waitFor();
    await picture(page, '13-cancel');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
  }
  await page.locator('[data-status="completed"]').waitFor({ timeout: 180_000 });
  await picture(page, '14-completed');
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'The books' }).waitFor();
  await picture(page, '15-job');
  await page.goto('/jobs');
  await page.getByRole('table').waitFor();
  await picture(page, '16-jobs');

  await page.goto('/search');
  await picture(page, '17-search-start');
  await page.goto('/search?q=invoice');
  await page.locator('.hit-title').first().waitFor();
  await picture(page, '18-search');
  await page.locator('.hit-title').first().click();
  await page.locator('.record-text p').first().waitFor();
  await picture(page, '19-record');
  for (const fold of await page.locator('.folded-trigger').all()) await fold.click();
  await picture(page, '20-record-unfolded');
  await page.goto('/search?q=zxqvwk&mode=keyword');
  await page.getByRole('heading', { name: /nothing found/i }).waitFor();
  await picture(page, '21-search-nothing');
  await page.goto('/nowhere');
  await page.getByRole('heading', { level: 2 }).waitFor();
  await picture(page, '22-not-found');
  await page.goto('/');
  await page.getByRole('article').waitFor();
  await page.getByRole('button', { name: 'Account' }).first().click();
  await page.getByRole('menu').waitFor();
  await picture(page, '23-account');
}

/** What one sees when the server does not answer, or not yet: the page's own requests are held or refused here. */
async function troubles(context: BrowserContext): Promise<void> {
  const page = await context.newPage();
  const held = (url: URL): boolean => url.pathname.startsWith('/api/') && url.pathname !== '/api/me';
  await page.route(held, () => {});
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await picture(page, '30-home-loading');
  await page.goto('/search?q=invoice');
  await picture(page, '31-search-loading');
  await page.unroute(held);
  const refuse = { status: 503, contentType: 'application/json', body: JSON.stringify({ error: { code: 'unavailable', message: 'The memory is not reachable right now. Try again in a few seconds.' } }) };
  await page.route(held, (route) => route.fulfill(refuse));
  for (const [name, path] of [['32-home-error', '/'], ['33-search-error', '/search?q=invoice'], ['34-jobs-error', '/jobs'], ['35-record-error', '/search?record=nothing']] as const) {
    await page.goto(path);
    await page.getByText('not reachable').first().waitFor();
    await picture(page, name);
  }
  await page.route('**/api/me', (route) => route.abort());
  await page.goto('/');
  await page.getByRole('heading', { name: 'No answer' }).waitFor();
  await picture(page, '36-unreachable');
  await page.close();
}

async function run(browser: Browser, house: House): Promise<void> {
  const [tenant] = house.tenants;
  if (!tenant) throw new Error('credentials.json names no tenant');
  const context = await browser.newContext({ baseURL: house.baseUrl, viewport: sizes.wide });
  const page = await context.newPage();
  await journey(page, tenant);
  await page.close();
  await troubles(context);
}

await mkdir(OUT, { recursive: true });
const browser = await openBrowser();
const house = await openHouse();
try { await run(browser, house); } finally { await browser.close(); await house.stop(); }
console.log(`${taken} pictures in ${OUT}`);
if (tooWide.length > 0) { console.error(`Wider than the screen:\n${tooWide.join('\n')}`); process.exitCode = 1; }
