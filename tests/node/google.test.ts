/** Gmail and Google Calendar against the sandbox's Google, and what is particular to them: bodies, headers, page tokens, scopes, limits. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox, type Sandbox } from '#dev/sandbox/server';
import { derive } from '#fly-worker/extract/derive';
import { bodyOf, hasAttachments, type Part } from '#fly-worker/connectors/gmail-body';
import { gmail } from '#fly-worker/connectors/gmail';
import { googleCalendar } from '#fly-worker/connectors/google-calendar';
import { headerOf, messageIdIn, peopleOf } from '#fly-worker/connectors/mail-headers';
import { outlook } from '#fly-worker/connectors/outlook';
import { fromBase64Url, textOf } from '#fly-worker/connectors/text-bytes';
import { outcomeOf } from '#fly-worker/outcome';
import { ProviderError } from '#fly-worker/provider';
import { consent, openAccount, refresh, type SandboxAccount } from '../sandbox-account.ts';

const NOW = Date.UTC(2026, 10, 21, 12), WEEK = { since: '2026-11-01T00:00:00.000Z', until: '2026-11-22T00:00:00.000Z' };
const ADDRESS = 'mia.chen@quill.example';

let sandbox: Sandbox, mail: SandboxAccount, calendar: SandboxAccount;
beforeAll(async () => { sandbox = await startSandbox({ port: 0, clock: () => NOW }); });
afterAll(() => sandbox.stop());
/** An account of 150 mails and 60 events, new for every test. */
beforeEach(async () => {
  await fetch(`${sandbox.url}/admin/accounts`, { method: 'POST', body: JSON.stringify({ address: ADDRESS, name: 'Mia Chen', mails: 150, events: 60, seed: 3, months: 3 }) });
  await fetch(`${sandbox.url}/admin/faults`, { method: 'DELETE' });
  mail = await openAccount(sandbox.url, gmail, ADDRESS);
  calendar = await openAccount(sandbox.url, googleCalendar, ADDRESS);
});
const whyNot = (work: Promise<unknown>): Promise<ProviderError> => work.then(() => { throw new Error('was read'); }, (error: unknown) => { expect(error).toBeInstanceOf(ProviderError); return error as ProviderError; });

describe('the same account read through Google and through Microsoft', () => {
  it('is the same mail: texts, people, dates, Message-IDs', async () => {
    const there = await openAccount(sandbox.url, outlook, ADDRESS), theirs = new Map((await there.read('mail')).records.map((r) => [r.globalId, r]));
    const { records, unreadable } = await mail.read('mail');
    expect([records.length, unreadable]).toEqual([150, []]);
    for (const record of records.filter((r) => !r.properties['isDraft'])) {
      const other = theirs.get(record.globalId)!, [one, two] = derive([record, other]);
      expect(record.occurredAt).toBe(other.occurredAt);
      expect(record.participants, record.title).toEqual(other.participants);
      expect([one!.title, one!.text, one!.people]).toEqual([two!.title, two!.text, two!.people]);
      expect(record.providerId).not.toBe(other.providerId);
    }
    expect(records.filter((r) => r.replyToGlobalId !== null && theirs.has(r.replyToGlobalId)).length).toBeGreaterThan(10);
    expect(records.some((r) => r.properties['hasAttachments'] === true) && records.some((r) => r.properties['isDraft'] === true)).toBe(true);
  });

  it('is the same calendar: one node for every event, whichever calendar it was read from', async () => {
    const there = await openAccount(sandbox.url, outlook, ADDRESS), eventsOf = (account: SandboxAccount) => account.read('calendar').then(({ records }) => records);
    const keys = (records: Parameters<typeof derive>[0]) => derive(records).flatMap(({ facts }) => facts.entities.filter((e) => e.type === 'event').map((e) => `${e.key} ${e.properties['start']} ${e.properties['isAllDay']} ${e.properties['type']}`)).toSorted();
    const theirs = (await eventsOf(there)).filter((r) => !r.properties['isCancelled']), ours = await eventsOf(calendar);
    expect(keys(ours)).toEqual(keys(theirs));
    expect(new Set(ours.map((r) => r.properties['type']))).toEqual(new Set(['singleInstance', 'occurrence', 'exception']));
    const people = (records: typeof ours) => Object.fromEntries(records.map((r) => [`${r.title} ${r.occurredAt}`, r.participants]));
    expect(people(ours)).toEqual(people(theirs));
  });
});

describe('reading', () => {
  it('an empty mailbox and an empty calendar is nothing, and no error', async () => {
    await mail.admin('POST', '/accounts', { address: 'new@quill.example', mails: 0, events: 0 });
    for (const [connector, stream] of [[gmail, 'mail'], [googleCalendar, 'calendar']] as const) {
      expect((await (await openAccount(sandbox.url, connector, 'new@quill.example')).read(stream)).pages).toEqual([{ records: [], unreadable: [], next: null }]);
    }
  });

  it('cuts windows so that neighbours hold every mail once, those on the edge included', async () => {
    const all = (await mail.read('mail')).records, edge = all[70]!.occurredAt, [since, until] = ['2020-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z'];
    const parts = [...(await mail.read('mail', { since: edge, until })).records, ...(await mail.read('mail', { since, until: edge })).records];
    expect(parts.map((r) => r.providerId)).toEqual(all.map((r) => r.providerId));
    const days = (await calendar.read('calendar')).records, noon = days[20]!.occurredAt;
    const halves = [...(await calendar.read('calendar', { since: noon, until })).records, ...(await calendar.read('calendar', { since, until: noon })).records];
    expect(halves.map((r) => r.providerId).toSorted()).toEqual(days.map((r) => r.providerId).toSorted());
  });

  it('goes on behind empty pages that name a next one', async () => {
    await mail.admin('POST', '/faults', { kind: 'empty-page-with-next', match: '/messages?', count: 2 });
    await mail.admin('POST', '/faults', { kind: 'empty-page-with-next', match: '/events?', count: 2 });
    expect([(await mail.read('mail')).records.length, (await calendar.read('calendar')).pages.slice(0, 2).map((p) => p.records.length)]).toEqual([150, [0, 0]]);
    expect(new Set((await calendar.read('calendar')).records.map((r) => r.providerId)).size).toBeGreaterThan(50);
  });

  it('keeps a mail that vanished between the list and the reading as a failure, and reads the others', async () => {
    await mail.admin('POST', '/faults', { kind: '404', match: '/messages/', count: 2 });
    const { records, unreadable } = await mail.read('mail');
    expect([records.length, unreadable.length]).toEqual([148, 2]);
    expect(unreadable[0]!.message).toBe('The mail was deleted between the list and the reading of it.');
  });

  it('reads the window from its start when Google has forgotten the page token, and calls other refusals what they are', async () => {
    const where = { stream: 'mail', span: WEEK, range: WEEK, directory: null, cursor: { pageToken: 'from-last-year' } };
    expect((await whyNot(mail.provider.fetchPage(gmail, where))).kind).toBe('gone');
    expect((await whyNot(calendar.provider.fetchPage(googleCalendar, { ...where, stream: 'calendar' }))).kind).toBe('gone');
    expect((await whyNot(mail.provider.fetchPage(gmail, { ...where, stream: 'calendar', cursor: null }))).kind).toBe('bad_request');
  });

  it('asks for at most ten mails at once', async () => {
    await mail.admin('POST', '/settings', { latencyMs: 20, concurrency: 10 });
    expect((await mail.read('mail', WEEK)).records.length).toBeGreaterThan(10);
    await mail.admin('POST', '/settings', { latencyMs: 0, concurrency: null });
    expect((await mail.admin('GET', `/requests?account=${ADDRESS}`) as { status: number }[]).filter((r) => r.status !== 200)).toEqual([]);
  });
});

describe('a mailbox from a file', () => {
  it('is served by Gmail as it is by Graph', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hsync-test-')), file = join(dir, 'box.jsonl');
    const lines = Array.from({ length: 5 }, (_, i) => ({ id: `${i}`, folder: 'Inbox', messageId: `<m${i}@x.example>`, date: `2001-05-0${i + 1}T10:00:00Z`, from: { name: 'Ann', address: 'ann@x.example' }, to: [{ name: '', address: 'bob@y.example' }], subject: i ? 'Re: Pump' : 'Pump', inReplyTo: i ? `<m${i - 1}@x.example>` : null, body: `Line ${i} of the Müller file` }));
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const other = await startSandbox({ port: 0, clock: () => NOW, mailboxFile: file, shift: true });
    onTestFinished(async () => { await other.stop(); rmSync(dir, { recursive: true }); });
    const { records } = await (await openAccount(other.url, gmail, 'anna.keller@nordlicht-robotics.example')).read('mail');
    expect(records.map((r) => [r.globalId, r.replyToGlobalId, r.occurredAt.slice(0, 10), r.body.content])).toEqual(lines.map((l, i) => [l.messageId, l.inReplyTo, `2026-11-${16 + i}`, l.body]).toReversed());
    expect(new Set(records.map((r) => r.threadId)).size).toBe(1);
  });
});

describe('limits and permissions', () => {
  it('takes a 403 for a rate as a limit and goes on', async () => {
    await mail.admin('POST', '/faults', { kind: 'limit', match: '/messages/', count: 3 });
    expect((await mail.read('mail')).records).toHaveLength(150);
    await mail.admin('POST', '/faults', { kind: 'limit', match: '/messages?', count: -1 });
    expect(outcomeOf(await whyNot(mail.read('mail')))).toMatchObject({ kind: 'snoozed' });
  });

  it('renews a token that expires in the middle of a page once, for all requests of that page', async () => {
    const first = await mail.provider.fetchPage(gmail, { stream: 'mail', span: WEEK, range: WEEK, directory: null, cursor: null });
    await mail.admin('POST', `/accounts/${ADDRESS}/expire-tokens`, { provider: 'google' });
    expect(await mail.provider.fetchPage(gmail, { stream: 'mail', span: WEEK, range: WEEK, directory: null, cursor: null })).toEqual(first);
    expect(mail.refreshes()).toBe(1);
  });

  it('ends as a lost account when the refresh is refused in the middle of a run', async () => {
    await mail.provider.fetchPage(gmail, { stream: 'mail', span: WEEK, range: WEEK, directory: null, cursor: null });
    await mail.admin('POST', `/accounts/${ADDRESS}/revoke-tokens`, { provider: 'google' });
    expect(outcomeOf(await whyNot(mail.read('mail')))).toMatchObject({ kind: 'paused', reason: 'auth_expired' });
  });

  it('says what to do when the permission was taken away', async () => {
    await mail.admin('POST', '/faults', { kind: '403', match: '/messages?', count: 1 });
    const outcome = outcomeOf(await whyNot(mail.read('mail')));
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'forbidden' });
    expect(outcome).toMatchObject({ message: expect.stringMatching(/\(insufficientPermissions\)\. The account may not read this\. Reconnect it with the permissions asked for\.$/) as string });
  });

  it('opens with a token of its own scope and provider only', async () => {
    const get = async (path: string, { grant }: SandboxAccount): Promise<number> => (await fetch(`${sandbox.url}${path}`, { headers: { authorization: `Bearer ${grant.accessToken}` } })).status;
    expect(await get('/gmail/v1/users/me/profile', mail)).toBe(200);
    expect(await get('/gmail/v1/users/me/profile', calendar)).toBe(403);
    expect(await get('/v1.0/me', mail)).toBe(401);
  });
});

describe('the sign-in', () => {
  it('brings a refresh token for offline access, later ones only with consent, and keeps it over refreshes', async () => {
    const oauth = gmail.oauth!, first = mail.grant;
    expect((await consent(sandbox.url, oauth, ADDRESS, { access_type: 'online' })).refreshToken).toBeNull();
    expect((await consent(sandbox.url, oauth, ADDRESS, { prompt: 'select_account' })).refreshToken).toBeNull();
    for (let i = 0; i < 3; i++) expect((await refresh(sandbox.url, oauth, first)).refreshToken).toBeNull();
    expect(first.scopes).toEqual(['https://www.googleapis.com/auth/gmail.readonly']);
  });

  it('ends everything of the account when one token is given back', async () => {
    const revoke = (token: string): Promise<Response> => fetch(`${sandbox.url}${gmail.oauth!.revoke!.path}`, { method: 'POST', body: new URLSearchParams({ token }) });
    expect((await revoke(mail.grant.refreshToken!)).status).toBe(200);
    await expect(refresh(sandbox.url, gmail.oauth!, mail.grant)).rejects.toThrow(/expired or revoked/);
    await expect(refresh(sandbox.url, googleCalendar.oauth!, calendar.grant)).rejects.toThrow(/expired or revoked/);
    expect((await revoke(mail.grant.refreshToken!)).status).toBe(400);
  });
});

const leaf = (mimeType: string, text: string, more: Partial<Part> = {}): Part => ({ mimeType, body: { data: Buffer.from(text).toString('base64url') }, ...more });
const several = (kind: string, ...parts: Part[]): Part => ({ mimeType: `multipart/${kind}`, parts });

describe('a body', () => {
  const page = leaf('text/html', '<p>page</p>'), text = leaf('text/plain', 'text'), file = leaf('text/plain', 'a file', { filename: 'a.txt' }), image: Part = { mimeType: 'image/png', filename: 'x.png' };
  it.each<[string, Part, ReturnType<typeof bodyOf>]>([
    ['the page of two alternatives', several('alternative', text, page), { format: 'html', content: '<p>page</p>' }],
    ['the text when there is no page', several('alternative', text, leaf('text/calendar', 'BEGIN:VCALENDAR')), { format: 'text', content: 'text' }],
    ['the text when the page is empty', several('alternative', text, leaf('text/html', ' ')), { format: 'text', content: 'text' }],
    ['the page within its images', several('mixed', several('alternative', text, several('related', page, image)), file), { format: 'html', content: '<p>page</p>' }],
    ['texts one after the other', several('mixed', text, file, leaf('text/plain', 'footer')), { format: 'text', content: 'text\n\nfooter' }],
    ['a page and the text behind it', several('mixed', page, leaf('text/plain', 'a < b\nfooter')), { format: 'html', content: '<p>page</p>\n<div>a &lt; b<br>footer</div>' }],
    ['not of the mail that is attached', several('mixed', text, { mimeType: 'message/rfc822', filename: 'old.eml', parts: [page] }), { format: 'text', content: 'text' }],
    ['nothing when all is sealed', { mimeType: 'application/pkcs7-mime', filename: 'smime.p7m' }, null],
  ])('is %s', (_, part, expected) => { expect(bodyOf(part)).toEqual(expected); });

  it('has attachments beside it, not within it', () => {
    const inline = { ...image, headers: [{ name: 'Content-Disposition', value: 'INLINE' }, { name: 'Content-ID', value: '<x>' }] };
    expect([hasAttachments(several('mixed', text, file)), hasAttachments(several('related', page, inline)), hasAttachments(text)]).toEqual([true, false, false]);
  });

  it('is read in its own charset where it is not UTF-8, whatever its header says', () => {
    const bytes = (text: string, encoding: BufferEncoding = 'utf8') => fromBase64Url(Buffer.from(text, encoding).toString('base64url'));
    expect(textOf(bytes('Grüße – „so“'), 'iso-8859-1')).toBe('Grüße – „so“');
    expect(textOf(bytes('Grüße', 'latin1'), 'iso-8859-1')).toBe('Grüße');
    expect(textOf(bytes('Grüße', 'latin1'), 'UTF-8')).toBe('Gr\ufffd\ufffde');
    expect(textOf(bytes('Grüße', 'latin1'), 'no-such-charset')).toBe('Grüße');
    expect(textOf(bytes('Grüße', 'latin1'), null)).toBe('Grüße');
    expect(textOf(bytes('\u001b$B$3$s$K$A$O\u001b(B'), 'ISO-2022-JP')).toBe('こんにちは');
    expect(textOf(bytes('こんにちは'), 'ISO-2022-JP')).toBe('こんにちは');
  });

  it('comes out of base64 of either alphabet, with and without padding or line ends', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const text of [all.toString('base64url'), all.toString('base64'), all.toString('base64').replace(/(.{76})/g, '$1\r\n')]) expect(Buffer.from(fromBase64Url(text))).toEqual(all);
    expect(fromBase64Url('')).toHaveLength(0);
  });
});

describe('headers', () => {
  const headers = (all: Record<string, string>) => Object.entries(all).map(([name, value]) => ({ name, value }));
  it('are found in any case, unfolded, with their words decoded', () => {
    expect(headerOf(headers({ SUBJECT: '=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?iso-8859-1?B?IGF1cyBL9mxu?=' }), 'subject')).toBe('Grüße aus Köln');
    expect([headerOf([], 'subject'), headerOf(headers({ Subject: ' ' }), 'subject')]).toEqual([null, null]);
    expect(messageIdIn(headers({ 'In-Reply-To': 'mail of Monday <a.b@c> (oh)' }), 'in-reply-to')).toBe('<a.b@c>');
  });

  it('name people as the other mail connectors do', () => {
    expect(peopleOf(headers({ From: '"Chen, Mia" <Mia@Quill.example>', Sender: 'mia@quill.example', To: 'Team: =?utf-8?B?SsO2cmc=?= <j@quill.example>, ann@quill.example;, undisclosed-recipients:;', Cc: 'Nobody', 'Reply-To': 'desk@quill.example' }))).toEqual([
      { role: 'from', address: 'mia@quill.example', name: 'Chen, Mia' }, { role: 'to', address: 'j@quill.example', name: 'Jörg' }, { role: 'to', address: 'ann@quill.example', name: null },
      { role: 'cc', address: null, name: 'Nobody' }, { role: 'reply_to', address: 'desk@quill.example', name: null },
    ]);
  });
});
