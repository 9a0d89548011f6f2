/** The invented mailbox: the same for the same seed, rich in what breaks connectors; and the one that is loaded from a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { generateMailbox } from '#dev/mailbox/generate';
import { loadMailbox } from '#dev/mailbox/load';
import { castFor, seenBy } from '#dev/mailbox/cast';
import { shareWith } from '#dev/mailbox/share';
import type { GraphMessage, Mailbox } from '#dev/mailbox/shape';

const NOW = new Date('2026-11-21T12:00:00Z');
const OWNER = { name: 'Anna Keller', address: 'anna.keller@nordlicht-robotics.example' };
const make = (): Mailbox => generateMailbox({ seed: 1, owner: OWNER, now: NOW });
const FREE = /@(gmail\.com|gmx\.de|outlook\.com|orange\.fr|web\.de|icloud\.com)$/;

describe('a generated mailbox', () => {
  const { messages, events, people } = make();
  const bodies = messages.map(({ body }) => body.content);
  const share = (fits: (message: GraphMessage) => boolean): number => messages.filter(fits).length / messages.length;

  it('has exactly as many mails and events as asked for', () => {
    expect([messages.length, events.length]).toEqual([3_000, 300]);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(make()).toEqual({ messages, events, people });
    expect(generateMailbox({ seed: 2, owner: OWNER, now: NOW, mails: 50, events: 5 }).messages[0]?.id).not.toBe(messages[0]?.id);
  });

  it('repeats no mail and no id', () => {
    for (const field of [bodies, messages.map(({ id }) => id), messages.map(mail => mail.internetMessageId)]) expect(new Set(field).size).toBe(3_000);
  });

  it('writes mails of a real size, in HTML and some in plain text', () => {
    const average = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0) / bodies.length;
    expect(average).toBeGreaterThan(6_000);
    expect(average).toBeLessThan(9_000);
    expect(share(({ body }) => body.contentType === 'text')).toBeGreaterThan(0.01);
  });

  it('leaves no blank unfilled', () => {
    expect(messages.filter(({ subject, body }) => /\$[a-z]{2}|undefined|NaN|\[object/.test(`${subject} ${body.content}`))).toEqual([]);
  });

  it('stays within its months, mostly in office hours', () => {
    const times = messages.map(mail => Date.parse(mail.receivedDateTime));
    expect(Math.max(...times)).toBeLessThan(NOW.getTime());
    expect(Math.max(...times)).toBeGreaterThan(NOW.getTime() - 2 * 86_400_000);
    expect(Math.min(...times)).toBeGreaterThan(NOW.getTime() - 190 * 86_400_000);
    expect(share(mail => ![0, 6].includes(new Date(mail.receivedDateTime).getUTCDay()))).toBeGreaterThan(0.85);
  });

  it('quotes the former mail as Outlook, Gmail and Apple do, in three languages', () => {
    for (const mark of ['gmail_quote', 'divRplyFwdMsg', 'border-top:solid #E1E1E1', 'type="cite"', '<b>Von:</b>', '<b>Envoyé:</b>', ' wrote:', ' schrieb ', ' a écrit :']) {
      expect([mark, bodies.filter(body => body.includes(mark)).length > 5]).toEqual([mark, true]);
    }
    const thread = [...Map.groupBy(messages, mail => mail.conversationId).values()].find(mails => mails.length > 3) ?? [];
    const [first, second] = thread.toSorted((a, b) => a.receivedDateTime < b.receivedDateTime ? -1 : 1);
    expect(second?.subject.endsWith(first?.subject ?? '-')).toBe(true);
    expect(bodies.filter(body => body.includes(`${first?.from?.emailAddress.address}`)).length).toBeGreaterThan(0);
  });

  it('has conversations, drafts without a sender, missing subjects, attachments and one huge list of recipients', () => {
    expect(new Set(messages.map(mail => mail.conversationId)).size).toBeLessThan(2_200);
    expect(messages.filter(mail => mail.isDraft).every(mail => mail.from === undefined)).toBe(true);
    expect(messages.filter(mail => mail.isDraft).length).toBeGreaterThan(10);
    expect(messages.filter(mail => mail.subject === '').length).toBeGreaterThan(2);
    expect(share(mail => mail.hasAttachments)).toBeGreaterThan(0.1);
    expect(Math.max(...messages.map(mail => mail.toRecipients.length))).toBe(800);
    expect(share(mail => /class="card"/.test(mail.body.content))).toBeGreaterThan(0.05);
  });

  it('plants fake secrets once each', () => {
    for (const secret of ['sk-proj-', 'AKIAIOSFODNN7EXAMPLE', '4111 1111 1111 1111', 'GB82 WEST', 'password: ']) expect(bodies.filter(body => body.includes(secret))).toHaveLength(1);
  });

  it('names nobody who could exist: every address is .example or a private one at a free-mail service', () => {
    const strangers = people.filter(({ address }) => !address.endsWith('.example') && !FREE.test(address));
    expect(strangers).toEqual([]);
    expect(people.some(({ address }) => FREE.test(address))).toBe(true);
  });

  it('has a calendar with series, moved occurrences, whole days, cancellations and guests', () => {
    const kinds = new Set(events.map(({ type }) => type));
    expect([...kinds].sort()).toEqual(['exception', 'occurrence', 'singleInstance']);
    expect(events.some(event => event.isAllDay) && events.some(event => event.isCancelled) && events.some(event => event.attendees.length > 4)).toBe(true);
    expect(new Set(events.map(({ id }) => id)).size).toBe(300);
    expect(events.every(({ start, end }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.0{7}$/.test(start.dateTime) && start.dateTime < end.dateTime)).toBe(true);
  });
});

describe('two colleagues', () => {
  const anna = make(), cast = seenBy(castFor(1, OWNER), castFor(1, OWNER).home.people[1]!.address), tobias = cast.owner;
  const box = shareWith(generateMailbox({ seed: 1, owner: tobias, cast, now: NOW, mails: 200, events: 30 }), tobias.address, anna, OWNER.address);
  const takesPart = (address: string) => (mail: GraphMessage): boolean => [mail.from, ...mail.toRecipients, ...mail.ccRecipients].some(one => one?.emailAddress.address === address);

  it('know the same people', () => {
    expect(new Set(cast.home.people)).toEqual(new Set([tobias, ...castFor(1, OWNER).home.people.slice(2), castFor(1, OWNER).home.people[0]]));
    expect(() => seenBy(cast, 'stranger@example.example')).toThrow(/does not work/);
  });

  it('have every mail and meeting of both in both mailboxes, by the same Message-ID and iCalUID, under ids of their own', () => {
    const both = anna.messages.filter(mail => !mail.isDraft && takesPart(tobias.address)(mail)), mine = box.messages.filter(takesPart(OWNER.address));
    expect(both.length).toBeGreaterThan(20);
    expect(mine.map(mail => mail.internetMessageId).sort()).toEqual(both.map(mail => mail.internetMessageId).sort());
    const meetings = new Set(anna.events.map(event => event.iCalUId)), shared = box.events.filter(event => meetings.has(event.iCalUId));
    expect(shared.length).toBeGreaterThan(20);
    const ids = new Set([...anna.messages, ...anna.events].map(({ id }) => id));
    expect([...box.messages, ...box.events].filter(({ id }) => ids.has(id))).toEqual([]);
  });
});

describe('a loaded mailbox', () => {
  const lines = [
    { id: '1', folder: 'Inbox', messageId: '<a@x>', date: '2001-05-01T10:00:00Z', from: { name: 'A', address: 'a@x.example' }, to: [{ name: 'B', address: 'b@x.example' }], cc: [], subject: 'Pump', inReplyTo: null, references: null, body: 'plain <text>' },
    { id: '2', folder: null, messageId: '<b@x>', date: '2001-05-03T11:30:00Z', from: { name: '', address: 'b@x.example' }, to: [], subject: 'Re: Pump', inReplyTo: '<a@x>', body: '<html><body>rich</body></html>' },
    { id: '3', messageId: '<c@x>', date: '1970-01-01T00:00:00Z', to: [], subject: 'No date', body: '' },
    { id: '3', date: 'never', subject: 'RE: pump' },
  ];
  const load = (packed: boolean, shift: boolean): GraphMessage[] => {
    const dir = mkdtempSync(join(tmpdir(), 'hsync-test-')), file = join(dir, packed ? 'box.jsonl.gz' : 'box.jsonl'), text = `${lines.map(line => JSON.stringify(line)).join('\n')}\n`;
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(file, packed ? gzipSync(text) : text);
    return loadMailbox(file, { shift, now: NOW }).messages;
  };

  it("keeps plain bodies plain, and every mail with a date of its own or its neighbour's", () => {
    const mails = load(false, false);
    expect(mails.map(({ body }) => body.contentType)).toEqual(['text', 'html', 'text', 'text']);
    expect(mails.map(mail => mail.receivedDateTime)).toEqual(['2001-05-01T10:00:00Z', '2001-05-03T11:30:00Z', '2001-05-03T11:30:00Z', '2001-05-03T11:30:00Z']);
    expect(new Set(mails.map(({ id }) => id)).size).toBe(4);
  });

  it('joins threads by reference and by subject', () => {
    const [first, second, third, fourth] = load(true, false).map(mail => mail.conversationId);
    expect([second, fourth]).toEqual([first, first]);
    expect(third).not.toBe(first);
  });

  it('shifts all dates by whole days so that the newest is of yesterday', () => {
    expect(load(true, true).map(mail => mail.receivedDateTime).slice(0, 2)).toEqual(['2026-11-18T10:00:00Z', '2026-11-20T11:30:00Z']);
  });
});
