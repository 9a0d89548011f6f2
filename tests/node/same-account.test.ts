/** One account read through two providers is one memory: the same mail and the same events, whichever way they came. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox, type Sandbox } from '#dev/sandbox/server';
import { gmail } from '#fly-worker/connectors/gmail';
import { outlook } from '#fly-worker/connectors/outlook';
import { derive } from '#fly-worker/extract/derive';
import { MIA, openAccount, openMiasGoogle, SANDBOX_NOW, startMiasSandbox, type SandboxAccount } from '../sandbox-account.ts';

let sandbox: Sandbox, mail: SandboxAccount, calendar: SandboxAccount;
beforeAll(async () => { sandbox = await startMiasSandbox(); });
afterAll(() => sandbox.stop());
beforeEach(async () => { ({ mail, calendar } = await openMiasGoogle(sandbox.url)); });

describe('the same account read through Google and through Microsoft', () => {
  it('is the same mail: texts, people, dates, Message-IDs', async () => {
    const there = await openAccount(sandbox.url, outlook, MIA), theirs = new Map((await there.read('mail')).records.map((r) => [r.globalId, r]));
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
    const there = await openAccount(sandbox.url, outlook, MIA), eventsOf = (account: SandboxAccount) => account.read('calendar').then(({ records }) => records);
    const keys = (records: Parameters<typeof derive>[0]) => derive(records).flatMap(({ facts }) => facts.entities.filter((e) => e.type === 'event').map((e) => `${e.key} ${e.properties['start']} ${e.properties['isAllDay']} ${e.properties['type']}`)).toSorted();
    const theirs = (await eventsOf(there)).filter((r) => !r.properties['isCancelled']), ours = await eventsOf(calendar);
    expect(keys(ours)).toEqual(keys(theirs));
    expect(new Set(ours.map((r) => r.properties['type']))).toEqual(new Set(['singleInstance', 'occurrence', 'exception']));
    const people = (records: typeof ours) => Object.fromEntries(records.map((r) => [`${r.title} ${r.occurredAt}`, r.participants]));
    expect(people(ours)).toEqual(people(theirs));
  });
});

describe('a mailbox from a file', () => {
  it('is served by Gmail as it is by Graph', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hsync-test-')), file = join(dir, 'box.jsonl');
    const lines = Array.from({ length: 5 }, (_, i) => ({ id: `${i}`, folder: 'Inbox', messageId: `<m${i}@x.example>`, date: `2001-05-0${i + 1}T10:00:00Z`, from: { name: 'Ann', address: 'ann@x.example' }, to: [{ name: '', address: 'bob@y.example' }], subject: i ? 'Re: Pump' : 'Pump', inReplyTo: i ? `<m${i - 1}@x.example>` : null, body: `Line ${i} of the Müller file` }));
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const other = await startSandbox({ port: 0, clock: () => SANDBOX_NOW, mailboxFile: file, shift: true });
    onTestFinished(async () => { await other.stop(); rmSync(dir, { recursive: true }); });
    const { records } = await (await openAccount(other.url, gmail, 'anna.keller@nordlicht-robotics.example')).read('mail');
    expect(records.map((r) => [r.globalId, r.replyToGlobalId, r.occurredAt.slice(0, 10), r.body.content])).toEqual(lines.map((l, i) => [l.messageId, l.inReplyTo, `2026-11-${16 + i}`, l.body]).toReversed());
    expect(new Set(records.map((r) => r.threadId)).size).toBe(1);
  });
});
