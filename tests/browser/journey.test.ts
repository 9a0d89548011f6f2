/** A person's way through the product in a real browser, from signing in to the end, on the real house: its worker is killed on the way, its provider fails and locks us out. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { ExportLine } from '#contract/export';
import { acceptConsent, listen, newPage, openBrowser, sandbox, signIn, workingProcess } from './browser.ts';

const SYNC_MS = 90_000;
const ACCOUNT = 'journey@journey.example';
const house = inject('house'), tenant = house.tenants[0]!;
let browser: Browser, context: BrowserContext, page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  await sandbox(house.sandboxUrl, 'accounts', { address: ACCOUNT, name: 'Journey', mails: 500, events: 40, seed: 7, months: 4 });
  context = await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 } });
  page = await newPage(context);
  listen(page, complaints, /Failed to load resource: the server responded with a status of 4/);
}, 60_000);
afterAll(async () => { await sandbox(house.sandboxUrl, 'faults', undefined, 'DELETE'); await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 }); await browser?.close(); }, 60_000);

const card = (): Locator => page.getByRole('article', { name: new RegExp(`Outlook, ${ACCOUNT}`) });
const status = (): Promise<string | null> => card().locator('[data-status]').first().getAttribute('data-status');
const ended = async (wanted: string): Promise<void> => { await expect.poll(status, { timeout: SYNC_MS, interval: 200 }).toBe(wanted); };
const goTo = (place: string): Promise<void> => page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: place }).click();

test('a wrong password is refused with a sentence', async () => {
  await page.goto('/');
  await page.getByLabel('E-mail').fill(tenant.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('not right').waitFor();
});

test('signs in and is led to the first step', async () => {
  await signIn(page, tenant);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Choose one' }).click();
  await page.getByRole('heading', { name: 'Integrations', level: 1 }).waitFor();
});

test('connects Outlook through the consent page and is asked about the past once', async () => {
  await page.getByRole('article', { name: 'Outlook', exact: true }).getByRole('button', { name: 'Connect' }).click();
  const consent = page.getByRole('dialog', { name: 'Connect Outlook' });
  expect(await consent.getByRole('listitem').count()).toBeGreaterThan(0);
  await consent.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page, ACCOUNT);
  const prompt = page.getByRole('dialog', { name: 'Outlook is connected' });
  await prompt.waitFor();
  expect(new URL(page.url()).pathname).toBe('/integrations');
  expect(await prompt.getByRole('listitem').count()).toBe(3);
  expect(await prompt.getByRole('radio', { name: '3 months' }).getAttribute('aria-checked')).toBe('true');
  await prompt.getByText(/About .* records in/).waitFor();
  await prompt.getByRole('button', { name: 'Skip for now' }).click();
  const { connections } = await (await page.request.get('/api/connections')).json() as { connections: { connection_id: string }[] };
  await page.goto(`/integrations?connected=${connections[0]!.connection_id}`);
  await expect.poll(() => new URL(page.url()).search).toBe('');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('starts the sync, sees it move live, and the worker is killed meanwhile', async () => {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 900 });
  await card().getByRole('button', { name: 'Sync history' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  await expect.poll(records, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0);
  await card().getByText('Live', { exact: true }).waitFor();
  await expect.poll(() => page.title(), { interval: 50 }).toMatch(/^\d+ % · /);
  const before = await percent();
  process.kill(workingProcess(house.dir), 'SIGKILL');
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 200 });
  await page.reload();
  expect(await percent(), 'progress never goes back, whatever was killed or reloaded').toBeGreaterThanOrEqual(before);
  await ended('completed');
}, SYNC_MS + 40_000);

test('is told that it is done, wherever one is', async () => {
  const toast = page.getByRole('listitem').filter({ hasText: 'Outlook is in memory' });
  await toast.getByText(/records can be searched now/).waitFor();
  await toast.getByRole('link', { name: 'Search' }).click();
  await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
});

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

test('narrows the search, and the address keeps that too', async () => {
  const hits = page.locator('.hit'), all = await hits.count();
  await page.getByLabel('When').selectOption('The last month');
  await expect.poll(() => new URL(page.url()).searchParams.get('from')).toMatch(/^\d{4}-\d\d-\d\d$/);
  await expect.poll(async () => page.locator('.hits[aria-busy=false] .hit').count()).toBeLessThan(all);
  await page.getByLabel('When').selectOption('Any time');
  await expect.poll(() => hits.count()).toBe(all);
});

test('follows a person from a record to their page: facts with their evidence', async () => {
  await page.locator('.hit-title').first().click();
  // The mailbox' own person: whoever else the first hit names may know two people or two hundred.
  await page.getByRole('dialog').getByRole('list', { name: 'Mentions' }).getByTitle(`: ${ACCOUNT}`).click();
  await page.getByRole('heading', { name: 'What is known' }).waitFor();
  await page.getByRole('button', { name: /\d records? for/ }).first().click();
  const evidence = page.locator('.fact-evidence a').first(), title = (await evidence.textContent())!;
  await evidence.click();
  await page.getByRole('dialog', { name: title }).locator('.record-text').waitFor();
  await page.keyboard.press('Escape');
});

test('says that two entries are the same person, and takes it back', async () => {
  await page.getByRole('button', { name: 'Same as …' }).click();
  const question = page.getByRole('dialog', { name: /^Who else is/ });
  await question.getByRole('combobox').fill('a');
  await question.getByRole('option').first().click();
  const other = (await question.getByRole('listitem').first().getByRole('strong').textContent())!;
  await question.getByRole('button', { name: 'They are the same' }).click();
  await page.getByRole('region', { name: 'Also known as' }).getByRole('button', { name: `Take apart: ${other}` }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Take apart' }).click();
  await page.getByText('stands for itself again').first().waitFor();
  await expect.poll(() => page.getByRole('region', { name: 'Also known as' }).count()).toBe(0);
});

test('and into the graph: chooses, expands, filters by kind and day, finds a path', async () => {
  await page.getByRole('link', { name: 'Show in the graph' }).click();
  const panel = page.getByRole('complementary', { name: 'What is in the picture' }), title = panel.locator('.panel-title');
  await title.waitFor();
  await page.locator('[data-resting=true]').waitFor({ timeout: 60_000 });
  const things = async (): Promise<number> => Number(/^[\d,]+/.exec((await title.textContent()) ?? '')?.[0].replaceAll(',', ''));
  await expect.poll(things).toBeGreaterThan(1);
  const before = await things();
  await panel.locator('.panel-row').last().click();
  await panel.getByRole('button', { name: 'Expand' }).click();
  await panel.getByRole('button', { name: 'Fold' }).waitFor();
  await panel.getByRole('combobox', { name: 'Find a path to …' }).fill('a');
  await panel.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await panel.getByRole('list', { name: 'Path' }).or(panel.getByText('No path to')).first().waitFor();
  await panel.getByRole('button', { name: 'Back to everything' }).click();
  expect(await things()).toBeGreaterThanOrEqual(before);
  await page.getByRole('group', { name: 'Kinds' }).getByRole('button', { name: /^People/ }).click();
  await expect.poll(things).toBeLessThan(before);
  await page.goBack();
  await page.getByRole('heading', { name: 'What is known' }).waitFor();
  await page.goto('/search?q=invoice&mode=keyword');
});

test('activates a type that was found, and finds its entries in the graph', async () => {
  await goTo('Found types');
  const type = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Amounts' }) });
  await type.getByRole('list', { name: 'Some amounts' }).getByRole('listitem').first().waitFor();
  const found = Number(/([\d,]+) found/.exec((await type.textContent()) ?? '')![1]!.replaceAll(',', ''));
  await type.getByRole('button', { name: 'Activate Amounts' }).click();
  await type.getByText(`${found.toLocaleString('en-GB')} amounts became nodes of the graph.`).waitFor();
  await type.getByRole('link', { name: 'Show them' }).click();
  await page.getByText(`${found.toLocaleString('en-GB')} entries`).waitFor();
  const entry = page.locator('.entity-row a').first(), name = (await entry.textContent())!;
  await entry.click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Show in the graph' }).click();
  const panel = page.getByRole('complementary', { name: 'What is in the picture' });
  await panel.getByRole('button', { name: new RegExp(`${name.replaceAll(/[^\w ]/g, ".")}.*Amount`) }).waitFor();
  await page.getByRole('group', { name: 'Kinds' }).getByRole('button', { name: /^Amounts/ }).waitFor();
  await goTo('Found types');
  await type.getByRole('button', { name: 'Deactivate Amounts' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Take them out' }).click();
  await type.getByText(`${found.toLocaleString('en-GB')} amounts left the graph.`).waitFor();
  await page.goto('/search?q=invoice&mode=keyword');
});

test('sees who belongs together, and goes into one of the groups', async () => {
  await goTo('Graph');
  await page.getByRole('link', { name: 'Groups' }).click();
  const first = page.getByRole('list', { name: 'Groups, the largest first' }).getByRole('listitem').first().getByRole('link', { name: /^Around/ });
  await first.waitFor({ timeout: 60_000 });
  await page.getByText(/groups?, worked out/).waitFor();
  const name = (await first.textContent())!.replace('Around ', '');
  await first.click();
  await page.getByRole('complementary', { name: 'What is in the picture' }).getByRole('button', { name: new RegExp(name.replaceAll(/[^\w ]/g, ".")) }).first().waitFor();
  await page.goto('/search?q=invoice&mode=keyword');
});

test('says so when nothing is found, with a way on', async () => {
  await page.getByRole('searchbox').fill('zxqvwk');
  await page.getByRole('heading', { name: /nothing found/i }).waitFor();
  await page.getByRole('link', { name: 'Search by meaning' }).waitFor();
});

test('finds the sync in the history, with balanced books and its story', async () => {
  await goTo('Sync history');
  const row = page.getByRole('row').filter({ hasText: ACCOUNT });
  await row.getByText('Complete').waitFor();
  await row.getByRole('link', { name: ACCOUNT }).click();
  await page.getByText('Balanced', { exact: true }).waitFor();
  const log = page.getByRole('list', { name: 'Events, newest first' });
  await expect.poll(() => log.getByText('Picked up').count(), { message: 'once before the kill, once after' }).toBeGreaterThanOrEqual(2);
  await log.getByText(tenant.name === 'Nordlicht Robotics' ? 'Anna Keller' : 'Marc Dubois').waitFor();
});

test('retries a sync that failed, from the list', async () => {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 });
  await sandbox(house.sandboxUrl, 'faults', { kind: '403', match: '/messages', count: -1, account: ACCOUNT });
  await goTo('Integrations');
  await card().getByRole('button', { name: 'Sync history' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  await ended('failed');
  await page.getByRole('listitem').filter({ hasText: 'The Outlook sync stopped' }).waitFor();
  await sandbox(house.sandboxUrl, 'faults', undefined, 'DELETE');
  await goTo('Sync history');
  await page.getByRole('link', { name: 'Failed', exact: true }).click();
  await expect.poll(() => page.getByRole('row').filter({ hasText: ACCOUNT }).count()).toBe(1);
  await page.getByRole('row').filter({ hasText: ACCOUNT }).getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Retry' }).click();
  await goTo('Integrations');
  await ended('completed');
}, SYNC_MS);

test('reconnects after the account locked us out, and the sync goes on where it stopped', async () => {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 700 });
  await card().getByRole('button', { name: 'Sync history' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start sync' }).click();
  await expect.poll(records, { timeout: 30_000, interval: 100 }).toBeGreaterThan(0);
  await sandbox(house.sandboxUrl, `accounts/${ACCOUNT}/revoke-tokens`, {});
  await ended('paused');
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 });
  await card().getByRole('button', { name: 'Reconnect' }).first().click();
  await page.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page, ACCOUNT);
  await page.getByText('lets us in again').first().waitFor();
  await ended('completed');
}, SYNC_MS);

test('brings the account up to date by hand, and from now on every day', async () => {
  await card().getByRole('button', { name: 'Sync now' }).click();
  await expect.poll(() => card().getByText(/The last sync \(new since/).count(), { timeout: SYNC_MS }).toBe(1);
  await card().getByRole('button', { name: /^Schedule of/ }).click();
  await page.getByRole('menuitemradio', { name: 'Every day' }).click();
  await card().getByRole('button', { name: /(today|tomorrow) at|in \d+ hours/ }).waitFor();
  await page.goto('/settings/schedules');
  await page.getByRole('list', { name: 'Schedules' }).getByRole('listitem').filter({ hasText: ACCOUNT }).getByText('comes into memory every day').waitFor();
});

test('takes everything along in one file', async () => {
  await goTo('Settings');
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Data' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^memory-\d{4}-\d\d-\d\d\.jsonl$/);
  const types = new Set(readFileSync(await download.path(), 'utf8').trimEnd().split('\n').map((line) => ExportLine.parse(JSON.parse(line)).type));
  expect([...types].sort()).toEqual(['discovered_entity', 'edge', 'evidence', 'node', 'record']);
});

test('forgets a record, and it is gone', async () => {
  await page.goto('/search?q=invoice&mode=keyword');
  const opened = await openFirstHit();
  await page.getByRole('button', { name: 'Forget this record …' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Forget it' }).click();
  await page.getByText('The record is forgotten').first().waitFor();
  await page.getByText(/Deleted: 1 record/).first().waitFor();
  await isGone(opened);
});

test('erases a person and an account, typing what goes, and gets receipts', async () => {
  await page.goto('/search?q=order&mode=keyword');
  const opened = await openFirstHit();
  await page.goto('/settings/data');
  await page.getByRole('combobox', { name: 'Find the person' }).fill('a');
  await page.getByRole('option').first().click();
  const question = page.getByRole('alertdialog'), yes = question.getByRole('button', { name: 'Erase for good' }), typed = question.getByRole('textbox');
  const person = (await question.locator('.dialog-typed strong').textContent())!;
  await typed.fill('somebody else');
  expect(await yes.getAttribute('aria-disabled')).toBe('true');
  await typed.fill(person);
  await yes.click();
  await page.getByText(`${person} is erased`).first().waitFor();
  await page.getByRole('button', { name: `Erase what came from ${ACCOUNT}, Outlook` }).click();
  await typed.fill(ACCOUNT);
  await yes.click();
  await page.getByText(`${ACCOUNT} is erased`).first().waitFor();
  const receipt = page.getByRole('list', { name: 'Receipts' }).getByRole('listitem').first();
  await receipt.filter({ hasText: 'An account' }).getByText('Erased').waitFor({ timeout: 60_000 });
  expect(await receipt.textContent()).toMatch(/[\d,]+ records, /);
  await isGone(opened);
}, 120_000);

test('signs out', async () => {
  await page.getByRole('button', { name: /^Account/ }).first().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('nothing broke on the way', () => { expect(complaints).toEqual([]); });

/** Answers the record's id. */
async function openFirstHit(): Promise<string> {
  await page.locator('.hit-title').first().click();
  await page.getByRole('dialog').locator('.record-text').waitFor();
  return new URL(page.url()).searchParams.get('record')!;
}
async function isGone(recordId: string): Promise<void> {
  await page.goto(`/search?record=${recordId}`);
  await page.getByRole('heading', { name: 'This record is gone' }).waitFor();
  await page.getByRole('button', { name: 'Back' }).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
}

async function figure(label: string): Promise<number> {
  const value = card().locator('.monitor .figure', { hasText: label }).locator('dd');
  return Number((await value.first().textContent({ timeout: 10_000 }))?.replace(/\D/g, '') ?? '0');
}
const records = (): Promise<number> => figure('Records');
const percent = async (): Promise<number> => Number((await card().locator('.bar-percent').textContent({ timeout: 10_000 }))?.replace(/\D/g, ''));
