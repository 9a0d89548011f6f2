/** Pictures of every screen and state, wide and 390 px, light and dark, into .dev/screenshots: `npm run screenshots`, or with names of scenes only these. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { newPage, openBrowser } from './browser.ts';
import { openHouse } from './house.ts';
import { scenes } from './scenes.ts';

const OUT = join(import.meta.dirname, '../../.dev/screenshots');
const sizes = { wide: { width: 1360, height: 900 }, narrow: { width: 390, height: 844 } } as const;
const looks = [{ size: 'wide', scheme: 'light' }, { size: 'narrow', scheme: 'light' }, { size: 'narrow', scheme: 'dark' }, { size: 'wide', scheme: 'dark' }] as const;

let taken = 0;
const tooWide: string[] = [];

/** Tells the page its size and colours, waits for it to settle, and looks. */
async function picture(page: Page, name: string): Promise<void> {
  for (const { size, scheme } of looks) {
    await page.setViewportSize(sizes[size]);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.waitForTimeout(150);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) tooWide.push(`${name} (${size}): ${over} px`);
    await page.screenshot({ path: join(OUT, `${name}-${size}-${scheme}.png`), animations: 'disabled' });
    taken++;
  }
  await page.setViewportSize(sizes.wide);
}

const wanted = process.argv.slice(2);
if (wanted.length === 0) await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
const browser = await openBrowser(), house = await openHouse();
try {
  const context = await browser.newContext({ baseURL: house.url, viewport: sizes.wide }), page = await newPage(context);
  for (const { name, play } of scenes) await play({ house, context, page, picture: wanted.length === 0 || wanted.includes(name) ? picture : async () => {} });
} finally {
  await browser.close();
  await house.stop();
}
console.log(`${taken} pictures in ${OUT}`);
if (tooWide.length > 0) {
  console.error(`Wider than the screen:\n${tooWide.join('\n')}`);
  process.exitCode = 1;
}
