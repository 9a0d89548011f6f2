/** The graph explorer where more than 2,000 people write to each other: grown until they are all drawn, filtered by kind and by day, expanded, and honest about what it leaves out. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { audit, listen, newPage, openBrowser, signIn, signUp } from './browser.ts';
import { growTo, importCrowd, isCalm, thingsIn } from './crowd.ts';

const house = inject('house');
let browser: Browser, page: Page, address: string;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  page = await newPage(await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' }));
  listen(page, complaints);
  await page.goto('/');
  await signIn(page, await signUp(house.url, 'Harbor', 'Mia Adler'));
  address = await importCrowd(page);
}, 180_000);
afterAll(async () => { await browser?.close(); });

const panel = (): Locator => page.getByRole('complementary', { name: 'What is in the picture' });
const kind = (name: string): Locator => page.getByRole('group', { name: 'Kinds' }).getByRole('button', { name: new RegExp(`^${name}`) });

test('2,000 things are drawn; it says that there are more, and the address keeps them', async () => {
  await page.goto(`${address}&depth=3`);
  await isCalm(page);
  await panel().getByText('There is more than is drawn').waitFor();
  await growTo(page, 2_000);
  const things = await thingsIn(page);
  await page.getByRole('img', { name: `A drawing of ${things} things` }).waitFor();
  await panel().getByText('There is more than is drawn').waitFor();
  expect(await audit(page)).toEqual([]);
  await page.reload();
  await expect.poll(async () => { await isCalm(page); return thingsIn(page); }, { timeout: 40_000 }).toBe(things);
}, 180_000);

test('by kind: organisations alone are few; with people again it is as before', async () => {
  const all = await thingsIn(page);
  await kind('People').click();
  await expect.poll(async () => { await isCalm(page); return thingsIn(page); }, { timeout: 40_000 }).toBeLessThan(100);
  expect(await panel().locator('.panel-row small').allTextContents()).toContain('Organisation');
  await kind('People').click();
  await expect.poll(async () => { await isCalm(page); return thingsIn(page); }, { timeout: 40_000 }).toBe(all);
}, 180_000);

test('by day: early on there are fewer, at the end all of them', async () => {
  const all = await thingsIn(page), day = page.getByRole('slider', { name: 'Day' }), [first, last] = [Number(await day.getAttribute('min')), Number(await day.getAttribute('max'))];
  await day.fill(String(Math.round(first + (last - first) / 4)));
  await page.getByText(/^As of \d/).waitFor();
  const then = await thingsIn(page);
  expect(then).toBeGreaterThan(50);
  expect(then).toBeLessThan(all * 0.6);
  await day.fill(String(last));
  await page.getByText('As it is now').waitFor();
  expect(await thingsIn(page)).toBe(all);
});

test('expands one of them, and says so when no more fits', async () => {
  const all = await thingsIn(page);
  await panel().getByRole('searchbox', { name: 'Find in the picture' }).fill('company6');
  // The smallest come last, and were not gone on from.
  await panel().getByRole('button', { name: /^company6\d/ }).last().click();
  await panel().getByRole('button', { name: 'Expand' }).click();
  await panel().getByRole('button', { name: 'Fold' }).waitFor();
  await panel().getByRole('button', { name: 'Back to everything' }).click();
  await isCalm(page);
  expect(await thingsIn(page)).toBeGreaterThan(all);
  await growTo(page, Infinity);
  await panel().getByText('no more fit into one picture').waitFor();
  await panel().locator('.panel-row').last().click();
  expect(await panel().getByRole('button', { name: 'Expand' }).getAttribute('aria-disabled')).toBe('true');
}, 180_000);

test('nothing broke on the way', () => { expect(complaints).toEqual([]); });
