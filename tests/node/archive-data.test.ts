/** Files from the world: every odd mail, every odd calendar and the Slack export are imported or named with a sentence; none breaks the import or hangs it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SourceRecord, type Connector } from '#contract/connector';
import { contentHash } from '#fly-worker/extract/hash';
import { ics } from '#fly-worker/connectors/ics';
import { mbox } from '#fly-worker/connectors/mbox';
import { slackExport } from '#fly-worker/connectors/slack-export';
import { importFile, type Imported } from '../archive.ts';

const DATA = new URL('../../../shared/data/', import.meta.url);
const filesIn = (folder: string, wanted: RegExp): string[] => (existsSync(new URL(folder, DATA)) ? (readdirSync(new URL(folder, DATA), { recursive: true }) as string[]).filter((name) => wanted.test(name)).map((name) => `${folder}/${name}`).sort() : []);
const open = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name.split('/').map(encodeURIComponent).join('/'), DATA)));

async function imported(connector: Connector, name: string): Promise<Imported> {
  const found = await importFile(connector, open(name), { pageSize: 1_000 });
  for (const record of found.records) {
    SourceRecord.parse(record);
    expect(contentHash(record)).toHaveLength(64);
    expect(new Date(record.occurredAt).toISOString()).toBe(record.occurredAt);
  }
  for (const { providerId, message } of found.unreadable) {
    expect(providerId).not.toBe('');
    expect(message, name).toMatch(/^[A-Z].{10,}\.$/s);
  }
  return found;
}

const mails = filesIn('mime', /\.eml$/), calendars = filesIn('ics', /\.ics$/), slackExports = filesIn('slack-export', /\.zip$/);

describe.skipIf(mails.length === 0)('odd mails (skipped where ../shared/data is not there)', () => {
  it.each(mails)('%s', async (name) => {
    const { records, unreadable, leftOut } = await imported(mbox, name);
    // A year 3609 lies outside of any range, and is counted.
    expect(records.length + unreadable.length + leftOut).toBe(1);
  });

  it('are nearly all read, and all of them also as one mailbox', async () => {
    const one = Buffer.concat(mails.flatMap((name) => [Buffer.from('From - Tue Jun 16 10:00:00 2026\n'), Buffer.from(Buffer.from(open(name)).toString('latin1').replaceAll(/^(>*From )/gm, '>$1'), 'latin1'), Buffer.from('\n\n')]));
    const { records, unreadable, leftOut } = await importFile(mbox, one);
    expect(records.length + unreadable.length + leftOut).toBe(mails.length);
    expect(unreadable.length).toBeLessThan(mails.length / 20);
  });
});

describe.skipIf(calendars.length === 0)('odd calendars (skipped where ../shared/data is not there)', () => {
  it.each(calendars)('%s', async (name) => {
    const { records, unreadable, leftOut } = await imported(ics, name), text = Buffer.from(open(name)).toString('latin1');
    // What begins below the calendar itself is in the records, in the failures, or counted.
    if (/^BEGIN:(?!VCALENDAR|VTIMEZONE|STANDARD|DAYLIGHT)/im.test(text)) expect(records.length + unreadable.length + leftOut).toBeGreaterThan(0);
  });
});

describe.skipIf(slackExports.length === 0)('a Slack export (skipped where ../shared/data is not there)', () => {
  it.each(slackExports)('%s', async (name) => {
    const { records, unreadable } = await imported(slackExport, name);
    expect(unreadable).toEqual([]);
    expect(new Set(records.map((r) => r.stream)).size).toBe(2);
    expect(records.length).toBeGreaterThan(50);
    expect(records.every((r) => /^slack:T[A-Z0-9]+:C/.test(r.globalId ?? ''))).toBe(true);
    expect(records.some((r) => r.participants.some((p) => p.role === 'mentioned' && p.name !== null))).toBe(true);
  });
});
