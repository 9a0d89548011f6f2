/** Every screen, with something in it: no serious or critical finding of axe-core, light and dark, wide and 390 px; nothing wider than the screen; no error in the console, no request that fails. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { NodesAnswer } from '#contract/graph';
import { openClient } from '../client.ts';
import { audit, listen, newPage, openBrowser, sandbox, signIn } from './browser.ts';

const house = inject('house'), tenant = house.tenants[1]!, ACCOUNT = 'screens@screens.example';
let browser: Browser, context: BrowserContext, page: Page, jobId: string, recordId: string, nodeId: string;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  await sandbox(house.sandboxUrl, 'accounts', { address: ACCOUNT, name: 'Screens', mails: 200, events: 20, seed: 3, months: 2 });
  const client = openClient(house.url, tenant.api_key);
  jobId = (await client.ended((await client.start(await client.connect(ACCOUNT))).job_id)).job_id;
  recordId = (await client.search('invoice')).results[0]!.record_id;
  nodeId = NodesAnswer.parse(await (await client.fetch('/api/memory/graph/nodes?type=person&q=screens')).json()).nodes[0]!.id;
  context = await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
  page = await newPage(context);
  listen(page, complaints);
  await page.goto('/');
}, 120_000);
afterAll(async () => { await browser?.close(); });

/** Looks at what is there now in four ways. */
async function lookAt(what: string): Promise<void> {
  for (const [width, colorScheme] of [[1280, 'light'], [390, 'dark'], [390, 'light'], [1280, 'dark']] as const) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, `${what} is wider than ${width} px`).toBe(0);
    if (width === 390 && colorScheme === 'light') continue;
    expect(await audit(page), `${what}, ${width} px, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 860 });
}

describe('every screen', () => {
  it('sign-in', async () => {
    await page.getByLabel('E-mail').waitFor();
    await lookAt('sign-in');
    await signIn(page, tenant);
  });

  it.each<[string, () => string, string]>([
    ['overview', () => '/', '.charts svg'],
    ['integrations', () => '/integrations', '.connection .last-sync'],
    ['sync history', () => '/jobs', '.rows tbody tr'],
    ['given up', () => '/jobs?show=given-up', '.empty'],
    ['a sync', () => `/jobs/${jobId}`, '.log-entry'],
    ['search, empty', () => '/search', '.empty'],
    ['search', () => '/search?q=invoice', '.hit'],
    ['search, nothing found', () => '/search?q=zxqvwk&mode=keyword', '.empty'],
    ['a record', () => `/search?q=invoice&record=${recordId}`, '.record-text p'],
    ['people and things', () => '/entities', '.entity-row'],
    ['an entity', () => `/entities/${nodeId}`, '.fact'],
    ['the graph', () => `/graph?node=${nodeId}`, '[data-resting=true]'],
    ['found types', () => '/found', '.found-card .chip'],
    ['a found type', () => '/found/money', '.entity-row'],
    ['groups', () => '/graph/groups', '.group-row'],
    ['settings, plan', () => '/settings/plan', '.plan-card'],
    ['settings, members', () => '/settings/members', '.person'],
    ['settings, API keys', () => '/settings/keys', '.person'],
    ['settings, model', () => '/settings/model', '.form'],
    ['settings, redaction', () => '/settings/redaction', '.person'],
    ['settings, schedules', () => '/settings/schedules', '.person'],
    ['settings, sign-in', () => '/settings/sign-in', '.form'],
    ['settings, data', () => '/settings/data', '.person'],
    ['settings, this browser', () => '/settings/browser', '.switch'],
    ['an address nothing lives at', () => '/nowhere', '.empty'],
  ])('%s', async (what, path, there) => {
    await page.goto(path());
    await page.locator(there).first().waitFor();
    await lookAt(what);
  });

  it('an account whose provider is down, and what was asked of it', async () => {
    const message = 'Outlook has failed 5 times in a row; next try at 14:05 UTC.';
    // Five failed runs take minutes; the answer of the API is made to say so.
    await page.route('**/api/connections', async (route) => {
      const response = await route.fetch(), { connections } = await response.json() as { connections: object[] };
      await route.fulfill({ response, json: { connections: connections.map((one) => ({ ...one, health: { state: 'open', failures_in_a_row: 5, next_try_at: new Date(Date.now() + 300_000).toISOString(), message }, usage: { today: { requests: 1_204, throttled: 37 }, last_30_days: { requests: 20_480, throttled: 95 } } })) } });
    });
    await page.goto('/integrations');
    await page.getByText(message).first().waitFor();
    await page.getByText('37 told to wait').first().waitFor();
    await lookAt('an account whose provider is down');
    await page.unroute('**/api/connections');
  });

  it('dialogs and menus', async () => {
    await page.goto('/integrations');
    await page.getByRole('button', { name: 'Sync history' }).first().click();
    await page.getByRole('dialog').waitFor();
    await page.getByRole('radio', { name: 'Custom' }).click();
    await lookAt('the prompt');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Another account' }).first().click();
    await page.getByRole('dialog', { name: /^Connect/ }).getByRole('listitem').first().waitFor();
    await lookAt('the connect dialog');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^More for/ }).first().click();
    await page.getByRole('menu').waitFor();
    await lookAt('the menu of a card');
    await page.getByRole('menuitem', { name: /Disconnect/ }).click();
    await page.getByRole('alertdialog').waitFor();
    await lookAt('the question before disconnecting');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('article', { name: 'Mail from a file', exact: true }).getByRole('button').click();
    await page.locator('.drop').waitFor();
    await lookAt('the dialog for a file');
    await page.keyboard.press('Escape');
  });

  it('the questions before entries are joined, a record is forgotten, memory is erased', async () => {
    await page.goto(`/entities/${nodeId}`);
    await page.getByRole('button', { name: 'Same as …' }).click();
    await page.getByRole('dialog').getByRole('combobox').fill('a');
    await page.getByRole('option').first().waitFor();
    await lookAt('finding who else it is');
    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'They are the same' }).waitFor();
    await lookAt('the question before entries are joined');
    await page.goto(`/search?q=invoice&record=${recordId}`);
    await page.getByRole('button', { name: 'Forget this record …' }).click();
    await page.getByRole('alertdialog').waitFor();
    await lookAt('the question before a record is forgotten');
    await page.goto('/settings/data');
    await page.getByRole('button', { name: 'Erase everything …' }).click();
    await page.getByRole('alertdialog').waitFor();
    await lookAt('the question before everything is erased');
    await page.getByRole('button', { name: 'Keep it' }).click();
  });

  it('dialogs of the settings, and what an invitation\'s link shows', async () => {
    await page.goto('/settings/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').waitFor();
    await lookAt('the dialog for a new key');
    await page.goto('/settings/redaction');
    await page.getByRole('switch', { name: 'Passwords' }).click();
    await page.getByRole('alertdialog').waitFor();
    await lookAt('the question before passwords stay in');
    await page.goto('/settings/members');
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByLabel('E-mail').fill('screens-guest@screens.example');
    await lookAt('the dialog for an invitation');
    await page.getByRole('button', { name: 'Make the link' }).click();
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
    await lookAt('a link that is told once');
    await page.goto(link);
    await page.getByRole('heading', { name: /^Join/ }).waitFor();
    await lookAt('an invitation to somebody else');
  });
});

it('a person without a mouse gets from the top of the page to a search result and back', async () => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('/');
  await page.keyboard.type('invoice\n');
  const first = page.locator('.hit-title').first();
  await first.waitFor();
  await first.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').locator('.record-text').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain('hit-title');
});

it('nothing complained', () => { expect(complaints).toEqual([]); });
