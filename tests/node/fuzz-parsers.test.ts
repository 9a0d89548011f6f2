/** Everything that reads what strangers wrote, against what no stranger should write: text out of HTML, replies, secrets, facts, MIME, mailboxes, calendars, zips, provider's words. None throws, and nothing comes out that a store would refuse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParticipantRole, SourceRecord } from '#contract/connector';
import type { MarkedPart } from '#contract/memory';
import { bodyOf, Part } from '#fly-worker/connectors/gmail-body';
import { clockOf, lengthOf, offsetOf, ruleOf } from '#fly-worker/connectors/ics-values';
import { zoneNamed } from '#fly-worker/connectors/ics-zones';
import { envelopeDate, headerDate } from '#fly-worker/connectors/mail-dates';
import { peopleOf } from '#fly-worker/connectors/mail-headers';
import { readMail } from '#fly-worker/connectors/mbox-mail';
import { splitMbox } from '#fly-worker/connectors/mbox-split';
import { isBelow } from '#fly-worker/connectors/provider-error';
import { momentsOf, TooManySteps } from '#fly-worker/connectors/recurrence';
import { readSlackText } from '#fly-worker/connectors/slack-text';
import { fromBase64Url, textOf } from '#fly-worker/connectors/text-bytes';
import { contentHash, derive } from '#fly-worker/extract/derive';
import { findEntities } from '#fly-worker/extract/entities';
import { readHtml } from '#fly-worker/extract/html';
import { redact } from '#fly-worker/extract/redact';
import { markReplies } from '#fly-worker/extract/replies';
import { errorCode, parseRetryAfter } from '#fly-worker/provider-policy';
import { damage, damaged, fuzzing, oddText, oddValue } from '../fuzz/junk.ts';

const how = fuzzing(process.env, 200);
const few = { ...how, numRuns: Math.ceil(how.numRuns / 4) };

/** Every string in it is one that Postgres takes as text and as jsonb. */
function isStorable(value: unknown, where: string): void {
  if (typeof value === 'string') expect([value.isWellFormed(), value.includes('\u0000')], `${where}: ${JSON.stringify(value.slice(0, 80))}`).toEqual([true, false]);
  else if (Array.isArray(value)) value.forEach((one, i) => isStorable(one, `${where}.${i}`));
  else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) { isStorable(key, where); isStorable(one, `${where}.${key}`); }
}
const liesWithin = (parts: readonly MarkedPart[], text: string): void => {
  for (const { start, end } of parts) expect([start >= 0, start < end, end <= text.length], JSON.stringify({ start, end, length: text.length })).toEqual([true, true, true]);
};

const TAGS = ['<p>', '</p>', '<br>', '<div class="gmail_quote">', '</div>', '<blockquote type=cite>', '</blockquote>', '<table><tr><td>', '</td></tr></table>', '<style>', '</style>', '<script>', '</script>', '<!--', '-->', '<![CDATA[', ']]>', '<a href="', '">', '<img alt=\'', '\'>', '<', '>', '&', '&amp', '&#x110000;', '&#0;', '&#xd800;', '&nbsp;', '&lt;', '<o:p>', '</', '<p ', '=', '"', '\'', '<title>', '<pre>', '<li>', '<hr', '/>'];
const html = (): fc.Arbitrary<string> => fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...TAGS) }, oddText()), { maxLength: 60 }).map((parts) => parts.join(''));
const LINES = ['On Tue, Jun 16, 2026 at 10:00 AM Anna Berg <anna@nordwind.example> wrote:', '> quoted', '>> more', '-- ', '---', '_____', 'From: Anna', 'Sent: Monday', 'To: x', 'Subject: y', '-----Original Message-----', 'Am 16.06.2026 schrieb Anna:', 'Best regards,', 'This e-mail is confidential', 'password: hunter2', 'sk-proj-abcdefghijklmnopqrstuvwxyz123456', 'AKIAIOSFODNN7EXAMPLE', '-----BEGIN RSA PRIVATE KEY-----', '-----END RSA PRIVATE KEY-----', '4111 1111 1111 1111', '078-05-1120', 'USD 1,234.50', '€ 99', '2026-02-31', 'https://example.example/?token=abc', 'INV-2026-001', '+49 30 1234567', ''];
const prose = (): fc.Arbitrary<string> => fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...LINES) }, oddText()), { maxLength: 40 }).map((lines) => lines.join('\n'));

describe(`text (seed ${how.seed})`, () => {
  it('comes out of any HTML, with parts that lie within it', () => fc.assert(fc.property(html(), (source) => {
    const { text, parts } = readHtml(source);
    liesWithin(parts, text);
  }), how));

  it('has replies, signatures and secrets marked within it, and keeps no secret that was found', () => fc.assert(fc.property(prose(), (text) => {
    const parts = markReplies(text), { text: clean, parts: kept } = redact(text, parts);
    liesWithin(parts, text);
    liesWithin(kept, clean);
    expect(redact(clean).text, 'what is redacted stays so').toBe(clean);
    for (const entity of findEntities(text)) expect(entity.key).not.toBe('');
  }), how));
});

describe(`a record (seed ${how.seed})`, () => {
  const text = (): fc.Arbitrary<string> => fc.oneof(oddText(), prose());
  const nullable = (): fc.Arbitrary<string | null> => fc.option(oddText());
  const record = (): fc.Arbitrary<SourceRecord> => fc.record({
    stream: fc.constantFrom('mail', 'calendar', 'C1', 'Contact'), providerId: oddText(), kind: fc.constantFrom('mail', 'event', 'message', 'contact', 'account', 'lead', 'opportunity'),
    occurredAt: fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }).map((d) => d.toISOString()), endsAt: fc.constant(null), title: text(),
    body: fc.record({ format: fc.constantFrom('html', 'text'), content: fc.oneof(html(), text()) }),
    participants: fc.array(fc.record({ role: fc.constantFrom(...ParticipantRole.options), name: nullable(), address: nullable(), id: fc.option(oddText(), { nil: undefined }) }), { maxLength: 4 }),
    threadId: nullable(), globalId: nullable(), replyToGlobalId: nullable(), url: nullable(), properties: fc.dictionary(fc.constantFrom('location', 'website', 'companyName', 'amount', 'stage', 'accountId'), fc.oneof(oddText(), fc.double(), fc.boolean())),
  }) as fc.Arbitrary<SourceRecord>;

  it('becomes memory that both stores take, always the same, whatever is in it', () => fc.assert(fc.property(record(), (one) => {
    const [derived] = derive([one]);
    liesWithin(derived!.parts, derived!.text);
    isStorable({ ...derived }, 'derived');
    expect(derive([structuredClone(one)])).toEqual([derived]);
    expect(contentHash(one)).toBe(contentHash(structuredClone(one)));
  }), how));
});

describe(`mail (seed ${how.seed})`, () => {
  const MAIL = Buffer.from(['From anna@nordwind.example Tue Jun 16 10:00:00 2026', 'Message-ID: <a@nordwind.example>', 'Date: Tue, 16 Jun 2026 10:00:00 +0200', 'From: =?utf-8?B?QW5uYSBCZXJn?= <anna@nordwind.example>', 'To: "Reyes, Tom" <tom@quill.example>, undisclosed-recipients:;', 'Subject: =?iso-8859-1?Q?Gr=FC=DFe?=', 'References: <b@x> <c@y>', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="b1"', '',
    '--b1', 'Content-Type: multipart/alternative; boundary=b2', '', '--b2', 'Content-Type: text/plain; charset=windows-1252', 'Content-Transfer-Encoding: quoted-printable', '', 'Gr=FC=DFe =', 'aus dem Norden', '--b2', 'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64', '', 'PHA+R3LDvMOfZTwvcD4=', '--b2--', '--b1', 'Content-Type: application/pdf; name*=utf-8\'\'a%20b.pdf', 'Content-Disposition: attachment', '', 'JVBERi0=', '--b1--', ''].join('\r\n'));

  it('is read or said to be unreadable, whatever was done to its bytes', () => fc.assert(fc.asyncProperty(fc.array(damage(), { maxLength: 5 }), async (damages) => {
    const bytes = damaged(MAIL.subarray(MAIL.indexOf('\n') + 1), damages);
    const read = await readMail({ from: 0, next: bytes.length, envelope: 'From anna@nordwind.example Tue Jun 16 10:00:00 2026', bytes });
    if (read && 'record' in read) SourceRecord.parse(read.record);
    else if (read) expect(read.message).toMatch(/\w.*\.$/s);
  }), how));

  it('is split from its neighbours without a byte lost, in whatever pieces', () => fc.assert(fc.asyncProperty(fc.array(damage(), { maxLength: 3 }), fc.integer({ min: 1, max: 4_000 }), async (damages, piece) => {
    const file = damaged(Buffer.concat([MAIL, Buffer.from('\r\n'), MAIL, Buffer.from('\r\n'), MAIL]), damages);
    const split = async (size: number): Promise<[number, number][]> => {
      const found: [number, number][] = [];
      let at = 0;
      for await (const { from, next } of splitMbox(() => { const part = file.subarray(at, at + size); at += part.length; return Promise.resolve(part); }, { from: 0, isSmall: () => true })) found.push([from, next]);
      return found;
    };
    const whole = await split(file.length + 1);
    expect(await split(piece)).toEqual(whole);
    for (const [i, [from, next]] of whole.entries()) expect([from < next, next === (whole[i + 1]?.[0] ?? file.length)]).toEqual([true, true]);
  }), few));

  it('has headers, dates and bodies of any form', () => fc.assert(fc.property(oddText(), oddText(), oddValue(), (a, b, value) => {
    for (const text of [a, b, `Tue, ${a} Jun 2026 10:00:00 ${b}`, `From x ${a}`]) {
      for (const at of [headerDate(text), envelopeDate(text)]) if (at !== null) expect(Number.isFinite(at)).toBe(true);
      peopleOf([{ name: 'From', value: text }, { name: 'To', value: `${a} <${b}>, ${b}` }]);
      fromBase64Url(text);
      textOf(Buffer.from(text), b);
      readSlackText(text, { person: () => null, channel: () => null });
    }
    const part = Part.safeParse(value);
    if (part.success) bodyOf(part.data);
  }), how));
});

describe(`calendars (seed ${how.seed})`, () => {
  const number = (): fc.Arbitrary<unknown> => fc.oneof(fc.integer({ min: -400, max: 400 }), oddValue());
  const rule = fc.record({
    freq: fc.oneof(fc.constantFrom('YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'), oddText()), interval: number(), count: number(), until: fc.oneof(fc.constantFrom('2026-06-20', '2026-06-20T10:00:00Z'), oddText()), wkst: fc.constantFrom(undefined, 'MO', 'SU', 7),
    byday: fc.oneof(fc.constantFrom('MO', '-1FR', '53SU'), fc.array(fc.constantFrom('MO', '1TU', 'XX', '99WE')), oddValue()), bymonth: number(), bymonthday: number(), byyearday: number(), byweekno: number(), byhour: number(), byminute: number(), bysecond: number(), bysetpos: number(),
  }, { requiredKeys: ['freq'] });

  it('have rules that end, or are said to be too much', () => fc.assert(fc.property(rule, (value) => {
    const read = ruleOf(value), start = Date.UTC(2026, 0, 31, 9);
    if (read === null) return;
    let last = -Infinity, found = 0;
    try {
      for (const at of momentsOf(read, start, { since: 0, until: Date.UTC(2030, 0, 1), stepsMax: 20_000 })) {
        expect(at, 'in order, each once').toBeGreaterThan(last);
        last = at;
        if (++found > 500) break;
      }
    } catch (error) {
      expect(error).toBeInstanceOf(TooManySteps);
    }
  }), how));

  it('have values of any form', () => fc.assert(fc.property(oddValue(), oddText(), (value, text) => {
    for (const one of [value, text]) { clockOf(one); lengthOf(one); offsetOf(one); ruleOf(one); }
    zoneNamed(text, new Map());
  }), how));
});

describe(`a provider's words (seed ${how.seed})`, () => {
  it('are read as a code, a time to wait, or a link below its own address, or not at all', () => fc.assert(fc.property(oddValue(), oddText(), oddText(), (value, a, b) => {
    const code = errorCode(value);
    if (code !== null) expect(code).toMatch(/^[\w.-]+$/);
    const wait = parseRetryAfter(a, Date.UTC(2026, 5, 25));
    if (wait !== null) expect(wait).toBeGreaterThan(0);
    // What is called below is below for the parser that sends the request, too.
    for (const link of [a, `https://graph.example${a}`, `https://graph.example/v1.0/${a}`, `https://graph.example/${a}/${b}`, `https:${a}graph.example/${b}`]) {
      if (!isBelow('https://graph.example/v1.0', link)) continue;
      const url = new URL(link);
      expect([url.origin, url.pathname.startsWith('/v1.0/')], link).toEqual(['https://graph.example', true]);
    }
  }), how));
});
