/** Chromium for tests and pictures, and what a person does in it again and again: sign in, give consent, wait for a state. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { TenantCredentials } from '#dev/seed';

const chromes = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'];
/** Throws with how to get Chromium when there is none. The graph is drawn by WebGL; without a graphics card by software. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = chromes.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('The browser test needs Chromium. On Debian and Ubuntu: apt-get update && apt-get install -y --no-install-recommends chromium. Elsewhere: install Chrome or Chromium and set CHROMIUM to its path.');
  return chromium.launch({ executablePath, args: ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] });
}

/** Writes down what must not happen: errors in the console, errors of the page, answers of 500 and more, requests that failed. */
export function listen(page: Page, complaints: string[], expected: RegExp = /(?!)/): void {
  const complain = (what: string): void => { if (!expected.test(what)) complaints.push(what); };
  page.on('pageerror', (error) => complain(`page error: ${error.message}`));
  // 401 before signing in is how the page learns that nobody is.
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('401')) complain(`console: ${message.text()}`); });
  page.on('response', (response) => { if (response.status() >= 500) complain(`${response.status()} ${response.url()}`); });
  page.on('requestfailed', (request) => { if (request.failure()?.errorText !== 'net::ERR_ABORTED') complain(`${request.failure()?.errorText} ${request.url()}`); });
}

export async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

export async function signIn(page: Page, { email, password }: TenantCredentials): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main', exact: true }).waitFor({ state: 'attached' });
}

/** A team of its own with one person in it, made through the API's front door. */
export async function signUp(url: string, team: string, person: string): Promise<TenantCredentials> {
  const made = { name: team, email: `${person.toLowerCase().replace(' ', '.')}-${Date.now()}@team.example`, password: `a password of ${person}`, api_key: '' };
  const answer = await fetch(`${url}/api/auth/sign-up/email`, { method: 'POST', headers: { 'origin': url, 'content-type': 'application/json' }, body: JSON.stringify({ name: person, email: made.email, password: made.password, tenant_name: team }) });
  if (answer.status !== 201) throw new Error(`Nobody could sign up: ${answer.status} ${await answer.text()}`);
  return made;
}

/** The provider's consent page: choose an account when asked to, and accept. */
export async function acceptConsent(page: Page, account?: string): Promise<void> {
  const accept = page.getByRole('button', { name: /accept|allow/i });
  await accept.waitFor();
  if (account) await page.getByRole('radio', { name: new RegExp(account) }).check();
  else if (await page.getByRole('radio').count() > 0 && await page.locator('input[type=radio]:checked').count() === 0) await page.getByRole('radio').first().check();
  await accept.click();
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
interface Finding { id: string; impact: string | null; help: string; nodes: { target: string[]; failureSummary?: string }[] }
/** What axe-core finds serious or critical on the page as it is, in words. */
export async function audit(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const findings = await page.evaluate<Finding[]>(`axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)`);
  return findings.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} at ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} (${failureSummary?.replaceAll(/\s+/g, ' ') ?? ''})`).join('; ')}`);
}

/** The process that worked last, as the workers' log names it. */
export function workingProcess(dir: string): number {
  const ready = readFileSync(join(dir, 'worker.log'), 'utf8').split('\n').findLast((line) => line.includes('"event":"ready"'));
  const worker = ready && (JSON.parse(ready.slice(ready.indexOf('{'))) as { worker: string }).worker;
  if (!worker) throw new Error('No worker has said that it is ready.');
  return Number(worker.split('/')[1]);
}

/** The sandbox's back room (dev/sandbox/admin.ts). */
export async function sandbox(url: string, path: string, body?: object, method = 'POST'): Promise<unknown> {
  const response = await fetch(`${url}/admin/${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!response.ok) throw new Error(`sandbox ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
