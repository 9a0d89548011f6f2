/** Who may come in and with what, in a real browser: members and invitations, API keys, the team's model, a new password, and out everywhere. And files from disk. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { TenantCredentials } from '#dev/seed';
import { audit, listen, newPage, openBrowser, signIn, signUp } from './browser.ts';

/** Teams of their own, so that lists and sessions of other tests do not matter. */
let owner: TenantCredentials, second: TenantCredentials;
const GUEST = { email: `guest-${Date.now()}@guest.example`, password: 'a password for a guest' };
const house = inject('house');
let browser: Browser, context: BrowserContext, page: Page, guest: Page, link: string;
const complaints: string[] = [];

beforeAll(async () => {
  owner = await signUp(house.url, 'Settings Team', 'Olaf Owner');
  second = await signUp(house.url, 'Second Team', 'Sue Second');
  browser = await openBrowser();
  context = await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 } });
  page = await newPage(context);
  listen(page, complaints, /status of 4\d\d/);
  await page.goto('/settings/members');
  await signIn(page, owner);
}, 60_000);
afterAll(async () => { await browser?.close(); });

const section = (name: string): Promise<void> => page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name }).click();
const row = (list: string, text: string): Locator => page.getByRole('list', { name: list }).getByRole('listitem').filter({ hasText: text });

/** Answers the question, and waits until what it asked about is done: while it stands, the page behind it is hidden from everybody. */
async function confirm(yes: string): Promise<void> {
  await page.getByRole('alertdialog').getByRole('button', { name: yes }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
}

test('invites somebody as a member, who joins by the link with a new account', async () => {
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('E-mail').fill(GUEST.email);
  await page.getByRole('button', { name: 'Make the link' }).click();
  link = await page.getByRole('dialog', { name: 'Pass this link on' }).getByLabel('Link').inputValue();
  expect(new URL(link).pathname).toBe('/invitation');
  await page.getByRole('button', { name: 'Done' }).click();
  await row('Invitations', GUEST.email).getByText('Waiting').waitFor();
  guest = await newPage(await browser.newContext({ baseURL: house.url }));
  listen(guest, complaints, /status of 4\d\d/);
  await guest.goto(link);
  await guest.getByRole('heading', { name: `Join ${owner.name}` }).waitFor();
  await guest.getByLabel('Name').fill('Greta Guest');
  await guest.getByLabel('Password').fill(GUEST.password);
  await guest.getByRole('button', { name: 'Join' }).click();
  await guest.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  expect(new URL(guest.url()).hash).toBe('');
});

test('a member sees who belongs here, but neither keys nor the model', async () => {
  await guest.goto('/settings/members');
  await guest.getByRole('list', { name: 'Members' }).getByText('Greta Guest').waitFor();
  expect(await guest.getByRole('button', { name: /Remove|Role of|Invite/ }).count()).toBe(0);
  expect(await guest.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: /API keys|Model/ }).count()).toBe(0);
});

test('the link is good once', async () => {
  const again = await newPage(await browser.newContext({ baseURL: house.url, colorScheme: 'dark' }));
  await again.goto(link);
  await again.getByRole('heading', { name: 'This invitation is no longer good' }).waitFor();
  expect(await audit(again)).toEqual([]);
  await again.context().close();
  await page.reload();
  await row('Members', 'Greta Guest').waitFor();
  expect(await row('Invitations', GUEST.email).count()).toBe(0);
});

test('makes the member an admin, who then sees the keys; and removes her', async () => {
  await page.getByRole('button', { name: 'Role of Greta Guest' }).click();
  await page.getByRole('menuitemradio', { name: 'Admin' }).click();
  await row('Members', 'Greta Guest').getByText('Admin').waitFor();
  await guest.reload();
  await guest.getByRole('link', { name: 'API keys' }).waitFor();
  await page.getByRole('button', { name: 'Remove Greta Guest' }).click();
  await confirm('Remove');
  await expect.poll(() => row('Members', 'Greta Guest').count()).toBe(0);
  await guest.goto('/');
  await guest.getByRole('heading', { name: 'You belong to no team' }).waitFor();
  expect(await audit(guest)).toEqual([]);
  await guest.getByLabel('Name of the team').fill('Greta alone');
  await guest.getByRole('button', { name: 'Begin' }).click();
  await guest.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await guest.context().close();
});

test('somebody with an account of another team joins by it, goes back and forth between the teams, and leaves', async () => {
  const invited = await page.request.post('/api/invitations', { data: { email: second.email } });
  const visitor = await newPage(await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 } })), team = (name: string) => visitor.getByRole('menuitemradio', { name });
  listen(visitor, complaints, /status of 4\d\d/);
  await visitor.goto((await invited.json() as { link: string }).link);
  await visitor.getByRole('button', { name: 'I have an account already' }).click();
  await visitor.getByLabel('Password').fill(second.password);
  await visitor.getByRole('button', { name: 'Sign in and join' }).click();
  const side = visitor.getByRole('complementary').getByText(owner.name);
  await side.waitFor();
  await visitor.getByRole('button', { name: /^Account/ }).first().click();
  await team(second.name).click();
  await visitor.getByRole('complementary').getByText(second.name).waitFor();
  await visitor.getByRole('button', { name: /^Account/ }).first().click();
  await team(owner.name).click();
  await side.waitFor();
  await visitor.goto('/settings/members');
  await visitor.getByRole('button', { name: 'Leave' }).click();
  await visitor.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  await visitor.getByRole('complementary').getByText(second.name).waitFor();
  await visitor.context().close();
});

test('takes an invitation back', async () => {
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('E-mail').fill('nobody@guest.example');
  await page.getByRole('dialog').getByRole('radio', { name: /^Admin/ }).check();
  await page.getByRole('button', { name: 'Make the link' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Take back the invitation of nobody@guest.example' }).click();
  await expect.poll(() => row('Invitations', 'nobody@guest.example').count()).toBe(0);
});

test('makes a key that may read, is shown it once, and it does just that until it is revoked', async () => {
  await section('API keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Nightly report');
  await page.getByRole('dialog').getByLabel('Good for').selectOption('30 days');
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByRole('dialog', { name: 'Your new key' }).getByLabel('Nightly report').inputValue();
  await page.getByRole('button', { name: 'I have it' }).click();
  await row('API keys', 'Nightly report').getByText(/good until/).waitFor();
  expect(await page.content()).not.toContain(key);
  const asked = async (path: string): Promise<number> => (await fetch(`${house.url}${path}`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect([await asked('/api/connections'), await asked('/api/keys')]).toEqual([200, 403]);
  await page.getByRole('button', { name: 'Revoke Nightly report' }).click();
  await confirm('Revoke');
  await expect.poll(() => row('API keys', 'Nightly report').count()).toBe(0);
  expect(await asked('/api/connections')).toBe(401);
});

test('keeps a model key, tests it, hears that the free plan embeds nothing by a model, and what is wrong with another key, and forgets it', async () => {
  await section('Model');
  await page.getByLabel('Key', { exact: true }).fill('sk-browser-test-only-1234');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByText('Key kept: …1234').waitFor();
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText(/answers\. It took/).waitFor();
  await page.getByLabel('Another key').fill('sk-browser-test-only-5678');
  await page.getByLabel('Embedding model').fill('vec-1');
  await page.getByRole('button', { name: 'Replace' }).click();
  await page.getByText(/Re-embedding 0 of 0 records with vec-1|the plan has no models/).waitFor();
  await page.getByText('the plan has no models').waitFor({ timeout: 60_000 });
  await page.getByLabel('Another key').fill('not-a-good-key-0001');
  await page.getByLabel('Model', { exact: true }).fill('small-1');
  await page.getByRole('button', { name: 'Replace' }).click();
  await page.getByText('Key kept: …0001').waitFor();
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText('refused the key').waitFor();
  expect(await page.content()).not.toContain('not-a-good-key-0001');
  await page.getByRole('button', { name: 'Forget the key' }).click();
  await confirm('Forget');
  await page.getByRole('button', { name: 'Keep', exact: true }).waitFor();
}, 150_000);

test('a mailbox file is uploaded, imported at once, and becomes a card with its books', async () => {
  await page.goto('/integrations');
  await page.getByRole('article', { name: 'Mail from a file', exact: true }).getByRole('button', { name: 'Choose a file' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mail from a file' }), file = dialog.locator('input[type=file]');
  await file.setInputFiles({ name: 'holiday.jpg', mimeType: 'image/jpeg', buffer: Buffer.from([0xff, 0xd8]) });
  await dialog.getByText('This does not look like one').waitFor();
  // It is refused by its first bytes, long before the last ones have left.
  writeFileSync(join(house.dir, 'old.mbox'), Buffer.concat([Buffer.from('PK\x03\x04 a zip in disguise'), Buffer.alloc(40 << 20)]));
  await file.setInputFiles(join(house.dir, 'old.mbox'));
  await dialog.getByRole('button', { name: 'Upload and import' }).click();
  await dialog.getByRole('alert').getByText('This is a zip').waitFor();
  await file.setInputFiles({ name: 'old.mbox', mimeType: 'application/mbox', buffer: Buffer.from(mailbox(250)) });
  await dialog.getByRole('button', { name: 'Upload and import' }).click();
  const card = page.getByRole('article', { name: 'Mail archive, old.mbox' });
  await card.getByText(/is complete: 250 records/).waitFor({ timeout: 90_000 });
  await card.getByText('uploaded just now').waitFor();
  await card.getByRole('button', { name: 'Import again' }).waitFor();
}, 120_000);

test('says what is taken out of records and how often it was, leaves a kind in when asked to and takes it out again', async () => {
  await page.goto('/settings/redaction');
  const passwords = row('Secrets', 'Passwords'), toggle = passwords.getByRole('switch', { name: 'Passwords' });
  await passwords.getByText('1 place in 1 record of what is in memory.').waitFor();
  expect(await page.content()).not.toContain('hunter2');
  await toggle.focus();
  await page.keyboard.press('Space');
  await page.getByRole('alertdialog').getByText('everybody in the team finds them').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  // Whoever came by keyboard is back where the question was asked.
  await expect.poll(() => toggle.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  expect(await toggle.getAttribute('aria-checked')).toBe('true');
  await page.keyboard.press('Space');
  await confirm('Leave them in');
  await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('false');
  await page.getByText(/^Last changed/).waitFor();
  await page.reload();
  expect(await toggle.getAttribute('aria-checked')).toBe('false');
  await toggle.focus();
  await page.keyboard.press('Space');
  await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
  await page.goto('/integrations');
});

test('a calendar file can be dropped', async () => {
  await page.getByRole('article', { name: 'Calendar from a file', exact: true }).getByRole('button', { name: 'Choose a file' }).click();
  const dialog = page.getByRole('dialog'), calendar = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART:20260601T100000Z\r\nSUMMARY:Dropped\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
  const carried = await page.evaluateHandle((text) => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.ics', { type: 'text/calendar' })); return data; }, calendar);
  await dialog.locator('input[type=file]').dispatchEvent('drop', { dataTransfer: carried });
  await dialog.getByText('dropped.ics').waitFor();
  await dialog.getByRole('button', { name: 'Upload and import' }).click();
  await page.getByRole('article', { name: 'Calendar file, dropped.ics' }).getByText(/is complete: 1 record/).waitFor({ timeout: 90_000 });
}, 120_000);

test('has the whole memory erased, typing the team\'s name: nothing is found any more, the accounts stay', async () => {
  const found = async (): Promise<number> => { await page.goto('/search?q=letter&mode=keyword'); await page.locator('.hit-title, .empty').first().waitFor(); return page.locator('.hit-title').count(); };
  expect(await found()).toBeGreaterThan(0);
  await page.goto('/settings/data');
  await page.getByRole('button', { name: 'Erase everything …' }).click();
  const question = page.getByRole('alertdialog'), yes = question.getByRole('button', { name: 'Erase for good' });
  expect(await yes.getAttribute('aria-disabled')).toBe('true');
  await question.getByRole('textbox').fill(owner.name);
  await yes.click();
  await page.getByText(`${owner.name} is erased`).first().waitFor();
  const receipt = page.getByRole('list', { name: 'Receipts' }).getByRole('listitem').first();
  await receipt.getByText('Erased', { exact: true }).waitFor({ timeout: 60_000 });
  expect(await receipt.textContent()).toMatch(/251 records, /);
  expect(await found()).toBe(0);
  await page.goto('/integrations');
  await page.getByRole('article', { name: 'Mail archive, old.mbox' }).getByRole('button', { name: 'Import again' }).waitFor();
}, 90_000);

test('signs out everywhere: another window is out, too', async () => {
  const other = await newPage(await browser.newContext({ baseURL: house.url }));
  await other.goto('/');
  await signIn(other, owner);
  await page.goto('/settings/sign-in');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await other.reload();
  await other.getByRole('button', { name: 'Sign in' }).waitFor();
  await other.context().close();
});

test('nothing broke on the way', () => { expect(complaints).toEqual([]); });

/** Mails as Thunderbird keeps them, one a day. */
const mailbox = (mails: number): string => Array.from({ length: mails }, (_, i) => {
  const at = new Date(Date.now() - (i + 1) * 86_400_000).toUTCString().replace('GMT', '+0000');
  return `From - ${new Date(0).toUTCString().slice(0, 3)} Jan 1 00:00:00 1970\nMessage-ID: <old-${i}@archive.example>\nDate: ${at}\nFrom: Olga Old <olga@archive.example>\nTo: ${owner.email}\nSubject: Letter ${i}\n\nText of letter ${i}.${i === 0 ? ' Password: hunter2!' : ''}\n\n`;
}).join('');
