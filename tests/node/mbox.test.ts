/** What is particular to mailbox files: where a mail begins, what was quoted, whose date counts, and how much of it is held. */
import { describe, expect, it } from 'vitest';
import { MAIL_BYTES_MAX } from '#contract/limits';
import { mbox } from '#fly-worker/connectors/mbox';
import { envelopeDate, headerDate } from '#fly-worker/connectors/mail-dates';
import { splitMbox, type RawMail } from '#fly-worker/connectors/mbox-split';
import { bytesOf, tapeOf } from '../tapes/replay.ts';
import { importFile } from '../archive.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const LINE = 'From anna@nordwind.example Tue Jun 16 10:00:00 2026';
const mail = (id: string, body = 'Text', more = ''): string => `${LINE}\nMessage-ID: <${id}@nordwind.example>\nDate: Tue, 16 Jun 2026 10:00:00 +0000\n${more}\n${body}\n\n`;
const ids = async (file: string): Promise<string[]> => (await importFile(mbox, file)).records.map((r) => r.providerId.replace(/^<(.*)@.*$/, '$1'));

async function split(bytes: Uint8Array, piece: number, from = 0): Promise<(Omit<RawMail, 'bytes'> & { text: string })[]> {
  const mails = [];
  let at = from;
  const more = () => { const next = bytes.subarray(at, at + piece); at += next.length; return Promise.resolve(next); };
  for await (const { bytes: raw, ...rest } of splitMbox(more, { from, isSmall: () => true })) mails.push({ ...rest, text: text(raw) });
  return mails;
}

describe('splitting', () => {
  const tape = tapeOf('mbox'), bytes = bytesOf(tape.exchanges[0]!.file!);

  it('is the same in whatever pieces the file comes', async () => {
    const whole = await split(bytes, bytes.length);
    expect(whole.length).toBeGreaterThan(20);
    for (const piece of [1, 2, 7, 64, 1_000, 4_099]) expect(await split(bytes, piece)).toEqual(whole);
  });

  it('goes on at every mail as if it had never stopped', async () => {
    const whole = await split(bytes, 1_000);
    for (const [i, { from }] of whole.entries()) if (i > 0) expect(await split(bytes, 1_000, from)).toEqual(whole.slice(i));
    expect(whole.map(({ next }) => next)).toEqual([...whole.slice(1).map(({ from }) => from), bytes.length]);
  });

  it.each([
    ['words that begin like it', `${mail('a', 'Before.\n\nFrom here on it is different: a line with a colon\n\nFrom Tom: another')}${mail('b')}`, ['a', 'b']],
    ['a date in words', `${mail('a', 'x\n\nFrom my notes of Tue Jun 16 10:00:00 2026 it follows\nthat it holds')}${mail('b')}`, ['a', 'b']],
    ['no empty line between two mails', `${mail('a').trimEnd()}\n${mail('b')}`, ['a', 'b']],
    ['CRLF', (mail('a') + mail('b')).replaceAll('\n', '\r\n'), ['a', 'b']],
    ['a mark of the encoding and empty lines before it', `\ufeff\n\n${mail('a')}${mail('b')}`, ['a', 'b']],
    ['no end of line at the end', (mail('a') + mail('b')).trimEnd(), ['a', 'b']],
    ['lengths that lie', mail('a', 'Text', 'Content-Length: 99999\n') + mail('b', 'Text', 'Content-Length: 1\n') + mail('c'), ['a', 'b', 'c']],
    ['bare lines of Thunderbird', (mail('a') + mail('b')).replaceAll(LINE, 'From '), ['a', 'b']],
    ['Eudora', (mail('a') + mail('b')).replaceAll('anna@nordwind.example Tue', '???@??? Tue'), ['a', 'b']],
    ['a zone before the year', (mail('a') + mail('b')).replaceAll('10:00:00 2026', '10:00:00 +0000 2026'), ['a', 'b']],
    ['a single mail that brings another one along', `Message-ID: <a@nordwind.example>\nDate: Tue, 16 Jun 2026 10:00:00 +0000\n\nForwarded:\n\n${mail('b')}`, ['a']],
    ['a line of 700 KB', `${mail('a', 'x'.repeat(700_000))}${mail('b')}`, ['a', 'b']],
  ])('%s', async (_, file, expected) => { expect(await ids(file)).toEqual(expected); });

  it('takes away one mark of quoting, and only from quoted lines', async () => {
    const [found] = (await importFile(mbox, mail('a', '>From one\n>>From two\n> From three\n>Fromage'))).records;
    expect(found!.body.content.trim()).toBe('From one\n>From two\n> From three\n>Fromage');
  });
});

describe('a mail larger than is parsed', () => {
  it('is read with its text and the names of its attachments, and the next one is found', async () => {
    const picture = `${'A'.repeat(76)}\n`.repeat(Math.ceil((MAIL_BYTES_MAX * 2.5) / 77));
    const large = mail('large', `--b\nContent-Type: text/plain\n\nSee the picture.\n--b\nContent-Type: image/png; name="large.png"\nContent-Disposition: attachment; filename="large.png"\nContent-Transfer-Encoding: base64\n\n${picture}--b--`, 'Content-Type: multipart/mixed; boundary="b"\n');
    const { records, reads, pages } = await importFile(mbox, mail('a') + large + mail('b'));
    expect(records.map((r) => [r.providerId, r.body.content.trim(), r.properties['attachments']])).toEqual([
      ['<a@nordwind.example>', 'Text', undefined], ['<large@nordwind.example>', 'See the picture.', 'large.png'], ['<b@nordwind.example>', 'Text', undefined],
    ]);
    expect(Math.max(...reads.map(({ length }) => length))).toBeLessThanOrEqual(1 << 20);
    expect(pages.length, 'a page ends after so many bytes').toBeGreaterThan(1);
  });
});

describe('records', () => {
  it('join the same mail and conversation of a connected Gmail account', async () => {
    const [found] = (await importFile(mbox, mail('a', 'Text', 'X-GM-THRID: 1800000000000000001\nX-Gmail-Labels: Inbox,Unread,Work\n'))).records;
    expect(found).toMatchObject({ globalId: '<a@nordwind.example>', threadId: '18fae27693b40001', properties: { labels: 'Inbox, Work' } });
  });

  it('have an id of their content when they bring none, the same in every copy of the file', async () => {
    const bare = mail('x').replace(/Message-ID: .*\n/, '');
    const [first] = (await importFile(mbox, bare)).records, [, second] = (await importFile(mbox, mail('a') + bare)).records;
    expect(first!.providerId).toMatch(/^content:[0-9a-f]{16}$/);
    expect(second!.providerId).toBe(first!.providerId);
  });

  it('keep dates of 1970 and 2038 as they are; those outside of the range are counted', async () => {
    const file = ['Thu, 01 Jan 1970 00:00:00 +0000', 'Tue, 19 Jan 2038 03:14:07 +0000', 'Tue, 16 Jun 2026 10:00:00 +0000'].map((date, i) => mail(`m${i}`).replace(/Date: .*/, `Date: ${date}`)).join('');
    expect((await importFile(mbox, file)).records.map((r) => r.occurredAt)).toEqual(['1970-01-01T00:00:00.000Z', '2038-01-19T03:14:07.000Z', '2026-06-16T10:00:00.000Z']);
    const { records, leftOut } = await importFile(mbox, file, { span: { since: '2026-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' } });
    expect([records.length, leftOut]).toEqual([1, 2]);
  });

  it('begin anew when another file was uploaded in the meantime', async () => {
    const context = { get: () => Promise.reject(new Error('A file has no API.')), baseUrl: 'http://desk', stream: 'mail', span: { since: '2000-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' }, range: { since: '2000-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' }, directory: null, pageSize: 1 };
    const file = Buffer.from(mail('a') + mail('b')), bytes = (version: string) => ({ from, length }: { from: number; length: number }) => Promise.resolve({ bytes: file.subarray(from, from + length), total: file.length, version });
    const { next } = await mbox.fetchPage({ ...context, cursor: null, bytes: bytes('one') });
    await expect(mbox.fetchPage({ ...context, cursor: next, bytes: bytes('two') })).rejects.toMatchObject({ kind: 'gone' });
    expect((await mbox.fetchPage({ ...context, cursor: next, bytes: bytes('one') })).records).toHaveLength(1);
  });
});

describe('dates', () => {
  it.each([
    ['Thu, 2 Jan 2020 15:04:05 +0100', '2020-01-02T14:04:05.000Z'], ['2 Jan 20 15:04 EST', '2020-01-02T20:04:00.000Z'], ['Thu, 02-Jan-99 15:04:05 GMT', '1999-01-02T15:04:05.000Z'],
    ['Thu, 2 January 2020 15:04:05 -0800 (PST)', '2020-01-02T23:04:05.000Z'], ['2020-01-02 15:04:05 +02:00', '2020-01-02T13:04:05.000Z'], ['Thu Jan  2 15:04:05 2020', '2020-01-02T15:04:05.000Z'],
    ['Thu, 31 Dec 2020 23:59:60 +0000', '2020-12-31T23:59:59.000Z'],
  ])('%s', (date, iso) => { expect(new Date(headerDate(date)!).toISOString()).toBe(iso); });

  it.each(['', 'yesterday', 'Room 12', 'Tue, 30 Feb 2020 10:00:00 +0000', '1 Jan 2020 25:00:00', 'Mon, 99 Jun 2026 10:00:00'])('%s is none', (date) => { expect(headerDate(date)).toBeNull(); });

  it.each([
    ['From - Thu Jan  2 15:04:05 2020', '2020-01-02T15:04:05.000Z'], ['From 180@xxx Thu Jan 02 15:04:05 +0100 2020', '2020-01-02T14:04:05.000Z'], ['From a@b Thu Jan 2 15:04:05 2020 -0500', '2020-01-02T20:04:05.000Z'],
  ])('%s', (line, iso) => { expect(new Date(envelopeDate(line)!).toISOString()).toBe(iso); });
});
