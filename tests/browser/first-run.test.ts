/** Somebody new, with nothing: follows only what the page offers, and asks the memory while it is still being filled. Says how long that took. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { acceptConsent, audit, listen, newPage, openBrowser, sandbox } from './browser.ts';

/** The issue's own promise. */
const PROMISED_MS = 120_000;
const ACCOUNT = 'first@first-run.example', house = inject('house');
let browser: Browser, page: Page, began: number;
const complaints: string[] = [];

beforeAll(async () => {
  await sandbox(house.sandboxUrl, 'accounts', { address: ACCOUNT, name: 'First', mails: 3_000, events: 30, seed: 5, months: 2 });
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 600 });
  browser = await openBrowser();
  page = await newPage(await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 } }));
  listen(page, complaints);
  await page.goto('/');
  began = Date.now();
}, 60_000);
afterAll(async () => { await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 }); await browser?.close(); }, 60_000);

const step = (name: string) => page.getByRole('list', { name: 'Getting started' }).getByRole('listitem').filter({ hasText: name });

test('somebody who has no account makes one, and a team with it', async () => {
  await page.getByRole('button', { name: 'I have no account yet' }).click();
  await page.getByLabel('Your name').fill('Fay First');
  await page.getByLabel('Name of your team').fill('First Team');
  await page.getByLabel('E-mail').fill('fay@first-run.example');
  await page.getByLabel('Password', { exact: true }).fill('nine lives');
  expect(await audit(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await page.getByRole('navigation', { name: 'Main', exact: true }).waitFor({ state: 'attached' });
  await page.getByText('First Team').first().waitFor({ state: 'attached' });
});

test('from nothing to the first answer: each screen offers the next step, and the answer comes while the sync runs', async () => {
  await step('Connect an account').getByRole('link', { name: 'Choose one' }).click();
  await page.getByRole('article', { name: 'Outlook', exact: true }).getByRole('button', { name: 'Connect' }).click();
  await page.getByRole('button', { name: 'Continue to Outlook' }).click();
  await acceptConsent(page, ACCOUNT);
  const prompt = page.getByRole('dialog', { name: 'Outlook is connected' });
  expect(await prompt.getByRole('radio', { name: '1 month' }).getAttribute('aria-checked'), 'as far as the free plan reaches').toBe('true');
  await prompt.getByRole('button', { name: 'Start sync' }).click();
  await page.getByRole('link', { name: 'Search it now' }).waitFor();
  // What has not come by now takes its time: it is still being read when the question is asked.
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 15_000 });
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await step('Ask').getByText(/[1-9][\d,]* records? can be searched already/).waitFor();
  expect(await audit(page)).toEqual([]);
  await step('Ask').getByRole('link', { name: 'Search' }).click();
  await page.getByRole('heading', { name: 'What are you looking for?' }).waitFor();
  await page.getByRole('list', { name: 'Ideas' }).getByRole('link').first().click();
  // Until a record with that word has come, the page says so and offers to ask again.
  const hit = page.locator('.hit').first(), again = page.getByRole('button', { name: 'Ask again' });
  for (;;) {
    await hit.or(again).first().waitFor();
    if (await hit.isVisible()) break;
    await again.click();
    await page.locator('.hit, .empty').first().waitFor();
  }
  const seconds = Math.round((Date.now() - began) / 100) / 10, { jobs } = await (await page.request.get('/api/integrations/historical-sync/jobs')).json() as { jobs: { status: string }[] };
  console.log(`From the first page to the answer: ${seconds} s.`);
  expect(jobs.map((job) => job.status), 'it was answered while the sync ran').toEqual(['running']);
  await page.getByText(/Older ones are still being read|The first days are being read/).waitFor();
}, PROMISED_MS);

test('when the sync is over, the overview shows what is in memory instead of the steps', async () => {
  await sandbox(house.sandboxUrl, 'settings', { latencyMs: 0 });
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.locator('.toast').getByText(/can be searched now/).waitFor({ timeout: 80_000 });
  await page.locator('.charts svg').first().waitFor();
  expect(await page.getByRole('list', { name: 'Getting started' }).count()).toBe(0);
}, 120_000);

test('nothing broke on the way', () => { expect(complaints).toEqual([]); });
