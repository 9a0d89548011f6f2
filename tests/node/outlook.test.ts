/** What is particular to Outlook: every answer that Microsoft documents for what is asked is read. Whatever else it does stands on its tape. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { outlook } from '#fly-worker/connectors/outlook';
import { noFile } from '../tapes/replay.ts';

const DOCUMENTED = new URL('../../../shared/data/graph-v1_0-documented-answers.json', import.meta.url), BASE = 'https://graph.microsoft.com';
const ALWAYS = { since: '1970-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' };
interface Item { id?: string; receivedDateTime?: string; start?: { dateTime?: string; timeZone?: string } }
type Body = Item & { value?: Item[]; mail?: string; userPrincipalName?: string };
const mocks = existsSync(DOCUMENTED) ? (JSON.parse(readFileSync(DOCUMENTED, 'utf8')) as { mocks: { request: { url: string; method?: string }; response: { body?: Body } }[] }).mocks : [];
const documented = (path: RegExp) => mocks.filter(({ request, response }) => (request.method ?? 'GET') === 'GET' && path.test(request.url) && response.body).map(({ request: { url }, response }) => [url, response.body!] as const);
/** Not the filler of a page ("datetime-value"), and in UTC, which is what we ask for. */
const isExample = ({ id, receivedDateTime, start }: Item): boolean => typeof id === 'string' && /^\d{4}-/.test(receivedDateTime ?? start?.dateTime ?? '') && (start === undefined || start.timeZone === 'UTC');
const ask = (url: string, ...answers: unknown[]) => ({ baseUrl: BASE, directory: null, pageSize: 100, bytes: noFile, stream: /calendar|events/.test(url) ? 'calendar' : 'mail', get: <T>(schema: z.ZodType<T>) => Promise.resolve(schema.parse(answers.length > 1 ? answers.shift() : answers[0])) });

describe.skipIf(mocks.length === 0)('the documented answers (skipped where ../shared/data is not there)', () => {
  it.each(documented(/\/v1\.0\/(?:me|groups\/\*)\/(?:(?:mailFolders\/\*\/)?messages|(?:calendar\/)?(?:calendarView|events))(?:\?.*)?$/))('%s', async (url, { value = [] }) => {
    const { records, unreadable } = await outlook.fetchPage({ ...ask(url, { value }), span: ALWAYS, range: ALWAYS, cursor: null });
    expect([records.length + unreadable.length, unreadable.filter(({ message }) => !/\w{3}.*\.$/.test(message))]).toEqual([value.length, []]);
    expect(records.length).toBeGreaterThanOrEqual(value.filter(isExample).length);
  });
  it.each(documented(/\/me\/(?:messages|events)\/\*(?:\?.*)?$/))('%s', async (url, item) => {
    expect(await outlook.readOne!({ ...ask(url, item, { id: 'the bin' }), providerId: item.id! })).toMatchObject({ providerId: item.id });
  });
  it.each(documented(/\/me\/(?:mailFolders|mailFolders\/\*\/messages|calendarView)\/delta(?:\?.*)?$/))('%s', async (url, body) => {
    // Only a filler without ids is documented, and never the last page.
    const answers = [{ ...body, value: body.value!.map((item) => ({ id: 'x', ...item })) }, { value: [], '@odata.deltaLink': `${BASE}/v1.0/end` }], at = { link: BASE, mails: 0, isFiltered: true };
    const { next } = await outlook.changes!.read({ ...ask(url, ...answers), span: ALWAYS, now: ALWAYS.since, from: url.includes('messages') ? { channel: 'mail', isFirst: true, links: {}, foldersLeft: ['F'], at, open: {} } : null });
    expect(outlook.changes!.place.parse(next)).toEqual(next);
  });
  it.each(documented(/\/v1\.0\/me$/))('%s', (_, me) => { expect(outlook.oauth!.account.schema.parse(me)).toMatch(/^\S+@\S+$/); });
});
