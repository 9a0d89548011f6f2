/** What there is to see, in the order in which a person meets it. Each scene leaves the house as the next one wants it. */
import type { BrowserContext, Page } from 'playwright-core';
import { acceptConsent, newPage, sandbox, signIn, signUp } from './browser.ts';
import { growTo, importCrowd, isCalm } from './crowd.ts';
import type { BrowserHouse } from './house.ts';

interface Stage { house: BrowserHouse; context: BrowserContext; page: Page; picture: (page: Page, name: string) => Promise<void> }
interface Scene { name: string; play: (stage: Stage) => Promise<void> }

const open = async (page: Page, path: string, there: string): Promise<void> => { await page.goto(path); await page.locator(there).first().waitFor(); };
const monitorIs = (page: Page, status: string): Promise<void> => page.locator(`[data-status="${status}"]`).first().waitFor({ timeout: 120_000 });

const signInScene: Scene = { name: 'sign-in', async play({ page, picture, house }) {
  await open(page, '/', 'form');
  await picture(page, '01-sign-in');
  await page.getByRole('button', { name: 'I have no account yet' }).click();
  await picture(page, '0a-sign-up');
  await page.getByRole('button', { name: 'I have an account already' }).click();
  await page.getByLabel('E-mail').fill(house.tenants[0]!.email);
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await picture(page, '02-sign-in-refused');
  await signIn(page, house.tenants[0]!);
} };

const emptyScene: Scene = { name: 'empty', async play({ page, picture }) {
  for (const [name, path, there] of [
    ['03-overview-empty', '/', '.steps'], ['04-integrations-empty', '/integrations', '.integration'], ['05-jobs-empty', '/jobs', '.empty'], ['06-search-nothing-in-memory', '/search?q=invoice', '.empty'],
    ['07-connect-error', '/integrations?connect_error=declined', '[role=alert]'],
  ] as const) { await open(page, path, there); await picture(page, name); }
} };

const connectScene: Scene = { name: 'connect', async play({ page, picture }) {
  await open(page, '/integrations', '.integration');
  await page.getByRole('article', { name: 'Outlook', exact: true }).getByRole('button', { name: 'Connect' }).click();
  await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  await picture(page, '10-connect');
  await page.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page);
  await page.getByRole('dialog').waitFor();
  await picture(page, '11-prompt');
  await page.getByRole('radio', { name: 'Custom' }).click();
  await picture(page, '12-prompt-custom');
  await page.getByRole('button', { name: 'Skip for now' }).click();
  await picture(page, '13-integrations-never-synced');
  await open(page, '/', '.steps');
  await picture(page, '14-overview-connected');
} };

const syncScene: Scene = { name: 'sync', async play({ page, picture, house }) {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 6_000 });
  await open(page, '/integrations', '.connection');
  await page.getByRole('button', { name: 'Sync history' }).first().click();
  await page.getByRole('button', { name: 'Start sync' }).click();
  // The first page comes after the list of what is there, which later syncs go on from: several slow requests.
  await page.locator('.track-fill').first().waitFor({ timeout: 90_000 });
  await page.locator('.figure', { hasText: 'Rate' }).locator('dd', { hasNotText: '–' }).waitFor({ timeout: 60_000 });
  await picture(page, '20-running');
  await open(page, '/', '.monitor');
  await picture(page, '21-overview-running');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alertdialog').waitFor();
  await picture(page, '22-cancel');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await open(page, '/integrations', '.connection');
  await page.getByRole('button', { name: 'Pause' }).click();
  await monitorIs(page, 'paused');
  await picture(page, '23-paused');
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 });
  await page.getByRole('button', { name: 'Resume' }).click();
  await monitorIs(page, 'completed');
  await page.locator('.toast').waitFor();
  await picture(page, '24-completed');
  await page.getByRole('button', { name: /^Schedule of/ }).click();
  await page.getByRole('menu').waitFor();
  await picture(page, '25-schedule');
  await page.getByRole('menuitemradio', { name: 'Every day' }).click();
} };

const troubleScene: Scene = { name: 'trouble', async play({ page, picture, house }) {
  await sandbox(house.sandboxUrl, 'faults', { kind: '403', match: '/messages', count: -1 });
  await open(page, '/integrations', '.last-sync');
  await page.getByRole('button', { name: 'Sync history' }).first().click();
  await page.getByRole('button', { name: 'Start sync' }).click();
  await monitorIs(page, 'failed');
  await picture(page, '30-failed');
  await sandbox(house.sandboxUrl, 'faults', undefined, 'DELETE');
  await page.getByRole('button', { name: 'Resume' }).click();
  await monitorIs(page, 'completed');
  const { accounts } = await sandbox(house.sandboxUrl, '', undefined, 'GET') as { accounts: { address: string }[] };
  await page.getByRole('button', { name: 'Sync history' }).first().click();
  await page.getByRole('button', { name: 'Start sync' }).click();
  for (const { address } of accounts) await sandbox(house.sandboxUrl, `accounts/${address}/revoke-tokens`, {});
  await page.waitForFunction(() => ['paused', 'completed'].includes(document.querySelector('[data-status]')?.getAttribute('data-status') ?? ''), undefined, { timeout: 60_000 });
  await page.getByRole('button', { name: 'Sync now' }).or(page.getByRole('button', { name: 'Reconnect' })).first().click();
  await page.keyboard.press('Escape');
  await monitorIs(page, 'paused');
  await picture(page, '31-locked-out');
  await open(page, '/', '.attention');
  await picture(page, '32-overview-needs-you');
  await open(page, '/integrations', '.connection');
  await page.getByRole('button', { name: 'Reconnect' }).first().click();
  await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  await picture(page, '33-reconnect');
  await page.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page);
  await monitorIs(page, 'completed');
} };

const fullScene: Scene = { name: 'full', async play({ page, picture }) {
  for (const [name, path, there] of [
    ['40-overview', '/', '.charts svg'], ['41-integrations', '/integrations', '.last-sync'], ['42-jobs', '/jobs', '.rows tbody tr'], ['43-jobs-none', '/jobs?status=paused', '.empty'], ['44-given-up', '/jobs?show=given-up', '.empty'],
    ['50-search-start', '/search', '.empty'], ['51-search', '/search?q=invoice', '.hit'], ['52-search-nothing', '/search?q=zxqvwk&mode=keyword', '.empty'],
    ['54-entities', '/entities', '.entity-row'], ['58-found-types', '/found', '.found-card .chip'], ['59-found-type', '/found/money', '.entity-row'], ['5a-groups', '/graph/groups', '.group-row'], ['70-settings-plan', '/settings/plan', '.plan-card'], ['74-settings-members', '/settings/members', '.person'], ['75-settings-keys', '/settings/keys', '.person'], ['76-settings-model', '/settings/model', '.form'], ['79-settings-redaction', '/settings/redaction', '.person'], ['7a-settings-schedules', '/settings/schedules', '.person'], ['77-settings-sign-in', '/settings/sign-in', '.form'], ['78-settings-data', '/settings/data', '.person'], ['71-settings-browser', '/settings/browser', '.switch'], ['72-not-found', '/nowhere', '.empty'],
  ] as const) { await open(page, path, there); await page.waitForLoadState('networkidle'); await picture(page, name); }
  await open(page, '/jobs', '.row-link');
  await page.locator('.row-link').last().click();
  await page.locator('.log-entry').first().waitFor();
  await picture(page, '45-job');
  await open(page, '/search?q=invoice', '.hit-title');
  await page.locator('.hit-title').first().click();
  await page.locator('.record-text p').first().waitFor();
  await picture(page, '53-record');
  await page.getByRole('dialog').locator('.chip-link').first().click();
  await page.locator('.fact-weight').first().click();
  await picture(page, '55-entity');
  await page.getByRole('link', { name: 'Show in the graph' }).click();
  await page.locator('[data-resting=true]').waitFor({ timeout: 60_000 });
  await picture(page, '56-graph');
  await page.locator('.panel-row').nth(2).click();
  await picture(page, '57-graph-chosen');
  await open(page, '/', '.charts');
  await page.getByRole('button', { name: /^Account/ }).first().click();
  await page.getByRole('menu').waitFor();
  await picture(page, '73-account');
  await page.keyboard.press('Escape');
} };

/** Who may come in, and files from disk. */
const peopleScene: Scene = { name: 'people', async play({ page, picture }) {
  await open(page, '/settings/members', '.person');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('E-mail').fill('lea.fischer@nordlicht.example');
  await picture(page, '60-invite');
  await page.getByRole('button', { name: 'Make the link' }).click();
  const told = page.getByRole('textbox', { name: 'Link' });
  await told.waitFor();
  await picture(page, '61-invite-link');
  const link = await told.inputValue();
  await page.getByRole('button', { name: 'Done' }).click();
  await picture(page, '62-members');
  await open(page, '/settings/keys', '.person');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('Nightly report');
  await picture(page, '63-new-key');
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByRole('button', { name: 'I have it' }).waitFor();
  await picture(page, '64-key-once');
  await page.getByRole('button', { name: 'I have it' }).click();
  await open(page, '/settings/model', '.form');
  await page.getByLabel('Key', { exact: true }).fill('sk-picture-0001');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText(/It took/).waitFor();
  await picture(page, '65-model-tested');
  await open(page, '/integrations', '.integration');
  await page.getByRole('article', { name: 'Mail from a file', exact: true }).getByRole('button').click();
  await picture(page, '66-upload');
  const mail = (n: number): string => `From - Mon Jun  1 10:00:00 2026\nMessage-ID: <${n}@archive.example>\nDate: Mon, 01 Jun 2026 10:00:00 +0000\nFrom: Olga <olga@archive.example>\nSubject: Letter ${n}\n\nText.\n\n`;
  await page.locator('input[type=file]').setInputFiles({ name: 'Inbox 2019-2024.mbox', mimeType: 'application/mbox', buffer: Buffer.from(Array.from({ length: 120 }, (_, n) => mail(n)).join('')) });
  await picture(page, '67-upload-chosen');
  await page.getByRole('button', { name: 'Upload and import' }).click();
  await page.getByRole('article', { name: /Inbox 2019/ }).getByText(/is complete/).waitFor({ timeout: 60_000 });
  await picture(page, '68-upload-done');
  const guest = await newPage(await page.context().browser()!.newContext({ baseURL: new URL(page.url()).origin }));
  await open(guest, link, 'form');
  await picture(guest, '69-invitation');
  await guest.context().close();
} };

/** What one sees when the server does not answer, or not yet: the page's own requests are held or refused here. */
const badLineScene: Scene = { name: 'bad-line', async play({ context, picture }) {
  const page = await newPage(context);
  const held = (url: URL): boolean => url.pathname.startsWith('/api/') && url.pathname !== '/api/me';
  await page.route(held, () => {});
  for (const [name, path] of [['80-overview-loading', '/'], ['81-integrations-loading', '/integrations'], ['82-jobs-loading', '/jobs'], ['83-search-loading', '/search?q=invoice']] as const) {
    await open(page, path, 'h1');
    await picture(page, name);
  }
  await page.unroute(held);
  const refuse = { status: 503, contentType: 'application/json', body: JSON.stringify({ error: { code: 'unavailable', message: 'The memory is not reachable right now. Try again in a few seconds.' } }) };
  await page.route(held, (route) => route.fulfill(refuse));
  for (const [name, path] of [['84-overview-error', '/'], ['85-integrations-error', '/integrations'], ['86-jobs-error', '/jobs'], ['87-search-error', '/search?q=invoice'], ['88-record-error', '/search?record=nothing'], ['8a-found-types-error', '/found'], ['8b-groups-error', '/graph/groups'], ['8c-settings-data-error', '/settings/data']] as const) {
    await page.goto(path);
    await page.getByText('not reachable').first().waitFor();
    await picture(page, name);
  }
  await page.route('**/api/me', (route) => route.abort());
  await page.goto('/');
  await page.getByRole('heading', { name: 'No answer' }).waitFor();
  await picture(page, '89-unreachable');
  await page.close();
} };

/** The graph explorer with 2,000 people in it: all of them, near, one chosen, and as of an early day. */
const crowdScene: Scene = { name: 'crowd', async play({ house, context, picture }) {
  const own = await context.browser()!.newContext({ baseURL: house.url, viewport: { width: 1360, height: 900 }, reducedMotion: 'reduce' }), page = await newPage(own);
  await page.goto('/');
  await signIn(page, await signUp(house.url, 'Harbor', 'Mia Adler'));
  await page.goto(`${await importCrowd(page)}&depth=3`);
  await isCalm(page);
  await picture(page, '5b-graph-500');
  await growTo(page, 2_000);
  await picture(page, '5c-graph-2000');
  for (let i = 0; i < 4; i++) await page.getByRole('button', { name: 'Closer' }).click();
  await picture(page, '5d-graph-2000-near');
  await page.getByRole('button', { name: 'Everything', exact: true }).click();
  await page.locator('.panel-row').nth(3).click();
  await picture(page, '5e-graph-2000-chosen');
  await page.getByRole('button', { name: 'Back to everything' }).click();
  const day = page.getByRole('slider', { name: 'Day' });
  await day.fill(String(Math.round(Number(await day.getAttribute('min')) + 60)));
  await picture(page, '5f-graph-2000-early');
  await own.close();
} };

export const scenes: readonly Scene[] = [signInScene, emptyScene, connectScene, syncScene, troubleScene, peopleScene, fullScene, crowdScene, badLineScene];
