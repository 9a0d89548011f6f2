/** What is particular to Outlook: its documented answers, its words for dates and people, its cursor. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Page, ProviderRequest } from '#contract/connector';
import { outlook } from '#fly-worker/connectors/outlook';
import { noFile } from '../tapes/replay.ts';

const DOCUMENTED = new URL('../../../shared/data/graph-v1_0-documented-answers.json', import.meta.url);
const base = 'https://graph.microsoft.com';
const always = { since: '1970-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' };

async function pageOf(stream: string, answer: unknown, more: { cursor?: string | null; pageSize?: number; span?: typeof always } = {}): Promise<{ page: Page; asked: ProviderRequest }> {
  let asked: ProviderRequest = { url: '' };
  const page = await outlook.fetchPage({
    baseUrl: base, stream, span: more.span ?? always, range: always, directory: null, cursor: more.cursor ?? null, pageSize: more.pageSize ?? 100,
    bytes: noFile, get: (schema, request) => { asked = request; return Promise.resolve(schema.parse(answer)); },
  });
  return { page, asked };
}

const mail = { id: 'a', receivedDateTime: '2026-06-20T09:15:00Z', subject: 'Hello', body: { contentType: 'html', content: '<p>x</p>' }, from: { emailAddress: { name: 'Anna', address: 'Anna@Nordwind.example' } } };
const readMail = async (change: Record<string, unknown>) => (await pageOf('mail', { value: [{ ...mail, ...change }] })).page;
const event = { id: 'e', subject: 'Kick-off', start: { dateTime: '2026-06-15T10:00:00.0000000', timeZone: 'UTC' }, end: { dateTime: '2026-06-15T11:00:00.0000000', timeZone: 'UTC' } };

describe.skipIf(!existsSync(DOCUMENTED))('the documented answers (skipped where ../shared/data is not there)', () => {
  interface Mock { request: { url: string; method?: string }; response: { statusCode?: number; body?: unknown } }
  const mocks = existsSync(DOCUMENTED) ? (JSON.parse(readFileSync(DOCUMENTED, 'utf8')) as { mocks: Mock[] }).mocks : [];
  const lists = (path: RegExp) => mocks.filter(({ request, response }) => (request.method ?? 'GET') === 'GET' && path.test(request.url) && Array.isArray((response.body as { value?: unknown } | undefined)?.value)).map((mock) => [mock.request.url, mock.response.body] as const);
  const isExample = (item: { id?: unknown; receivedDateTime?: string; start?: { dateTime?: string; timeZone?: string } }) => typeof item.id === 'string' && /^\d{4}-/.test(item.receivedDateTime ?? item.start?.dateTime ?? '') && (item.start === undefined || item.start.timeZone === 'UTC');

  it.each([...lists(/\/v1\.0\/me\/(?:mailFolders\/\*\/)?messages(?:\?.*|\/delta.*)?$/).map((m) => ['mail', ...m] as const), ...lists(/\/v1\.0\/(?:me|groups\/\*)\/(?:calendar\/)?(?:calendarView|events)(?:\?.*)?$/).map((m) => ['calendar', ...m] as const)])('%s %s', async (stream, _url, answer) => {
    const value = (answer as { value: Parameters<typeof isExample>[0][] }).value;
    const { page } = await pageOf(stream, { value });
    expect(page.records.length + page.unreadable.length).toBe(value.length);
    // placeholders ("datetime-value") and other time zones are refused with a sentence; everything that Graph can really send is read
    expect(page.records.length).toBeGreaterThanOrEqual(value.filter(isExample).length);
  });
});

it.skipIf(!existsSync(DOCUMENTED))('every documented answer about the account names it (skipped where ../shared/data is not there)', () => {
  const { mocks } = JSON.parse(readFileSync(DOCUMENTED, 'utf8')) as { mocks: { request: { url: string; method?: string }; response: { body?: { mail?: string; userPrincipalName?: string } } }[] };
  const answers = mocks.filter(({ request, response }) => (request.method ?? 'GET') === 'GET' && request.url.endsWith('/v1.0/me') && (response.body?.mail ?? response.body?.userPrincipalName));
  expect(answers.length).toBeGreaterThan(0);
  for (const { response } of answers) expect(outlook.oauth!.account.schema.parse(response.body)).toMatch(/^\S+@\S+$/);
});

it('asks for mail as Graph wants it: ordered field first, dates in Z, the fields that are read', async () => {
  const { asked } = await pageOf('mail', { value: [] }, { pageSize: 25, span: { since: '2026-04-04T00:00:00.250Z', until: '2026-04-05T12:00:00.250Z' } });
  const query = new URL(asked.url).searchParams;
  expect(query.get('$filter')).toBe('receivedDateTime ge 2026-04-04T00:00:00Z and receivedDateTime lt 2026-04-05T12:00:01Z');
  expect(query.get('$orderby')).toBe('receivedDateTime desc');
  expect(query.get('$top')).toBe('25');
  expect(query.get('$select')).not.toMatch(/isRead|changeKey|lastModified/);
});

it('asks for events in UTC', async () => {
  const { asked } = await pageOf('calendar', { value: [] });
  expect(asked.headers).toEqual({ Prefer: 'outlook.timezone="UTC"' });
  expect(new URL(asked.url).pathname).toBe('/v1.0/me/calendarView');
});

it('does not let volatile fields into the record', async () => {
  const one = await readMail({ isRead: false, changeKey: 'x', '@odata.etag': 'W/1', lastModifiedDateTime: '2026-06-20T09:15:00Z' }), two = await readMail({ isRead: true, changeKey: 'y', '@odata.etag': 'W/2' });
  expect(one).toEqual(two);
});

it('lower-cases addresses, keeps names without an address, and drops people without either', async () => {
  const { records } = await readMail({ sender: { emailAddress: { name: 'Anna', address: 'anna@nordwind.example' } }, toRecipients: [{ emailAddress: { name: 'Jo', address: '/O=EX/CN=JO' } }, { emailAddress: { address: '' } }, {}], ccRecipients: null });
  expect(records[0]!.participants).toEqual([{ role: 'from', address: 'anna@nordwind.example', name: 'Anna' }, { role: 'to', address: null, name: 'Jo' }]);
});

it('falls back to the preview, and to the date of sending', async () => {
  const { records } = await readMail({ body: null, bodyPreview: 'short', receivedDateTime: null, sentDateTime: '2026-06-01T00:00:00Z' });
  expect(records[0]).toMatchObject({ body: { format: 'text', content: 'short' }, occurredAt: '2026-06-01T00:00:00.000Z' });
});

it('tells an answer from a first mail by its conversation index, and by its header when Graph sends it', async () => {
  const first = await readMail({ conversationIndex: Buffer.alloc(22).toString('base64') }), reply = await readMail({ conversationIndex: Buffer.alloc(27).toString('base64'), internetMessageHeaders: [{ name: 'In-Reply-To', value: '<q@nordwind.example>' }] });
  expect(first.records[0]!.properties['isReply']).toBe(false);
  expect(reply.records[0]).toMatchObject({ properties: { isReply: true }, replyToGlobalId: '<q@nordwind.example>' });
});

it('keeps events that start in the window and leaves the others to their own', async () => {
  const span = { since: '2026-06-15T10:00:00.000Z', until: '2026-06-16T00:00:00.000Z' };
  const at = (id: string, dateTime: string) => ({ ...event, id, start: { dateTime, timeZone: 'UTC' } });
  const { page } = await pageOf('calendar', { value: [at('before', '2026-06-15T09:59:59.9999999'), at('first', '2026-06-15T10:00:00.0000000'), at('last', '2026-06-15T23:59:59.0000000'), at('next', '2026-06-16T00:00:00.0000000')] }, { span });
  expect(page.records.map((record) => record.providerId)).toEqual(['first', 'last']);
});

it('does not guess at a start that is not in UTC', async () => {
  const { page } = await pageOf('calendar', { value: [{ ...event, start: { dateTime: '2026-06-15T10:00:00', timeZone: 'Pacific Standard Time' } }] });
  expect(page.records).toEqual([]);
  expect(page.unreadable[0]!.message).toContain('Pacific Standard Time');
});

it('gives broken items without an id one that stays the same', async () => {
  const { page } = await pageOf('mail', { value: [{ subject: 'x' }, { subject: 'y' }, { subject: 'x' }, 7, null] });
  const ids = page.unreadable.map((broken) => broken.providerId);
  expect(ids[0]).toBe(ids[2]);
  expect(new Set(ids).size).toBe(4);
});

it('follows its link as it is, and begins the window anew when the link would bring too large a page', async () => {
  const link = `${base}/v1.0/me/messages?%24top=100&%24skip=100`;
  const { page } = await pageOf('mail', { value: [], '@odata.nextLink': link });
  expect(page.next).toBe(`mail||${link}#100`);
  expect((await pageOf('mail', { value: [] }, { cursor: page.next as string })).asked.url).toBe(link);
  expect((await pageOf('mail', { value: [] }, { cursor: page.next as string, pageSize: 50 })).asked.url).toContain('$top=50&');
  await expect(pageOf('calendar', { value: [] }, { cursor: page.next as string })).rejects.toMatchObject({ kind: 'bad_request' });
  await expect(pageOf('mail', { value: [] }, { cursor: 'mail||https://elsewhere.example/v1.0/me/messages#100' })).rejects.toMatchObject({ kind: 'foreign_link' });
});
