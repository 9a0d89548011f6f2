/** What is particular to Salesforce: 2,000 rows a page, rows that were only touched, its dates. */
import { expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { salesforce } from '#fly-worker/connectors/salesforce';
import { contentHash } from '#fly-worker/extract/hash';
import { noFile } from '../tapes/replay.ts';

const span = { since: '2026-06-01T00:00:00.000Z', until: '2026-09-01T00:00:00.000Z' };
const row = (n: number, at = '2026-08-20T09:15:00.000+0000') => ({ Id: `00Q${String(n).padStart(15, '0')}`, Name: `Lead ${n}`, SystemModstamp: at, Email: `Lead${n}@quill.example`, Owner: { Name: 'Anna', Email: 'anna@nordwind.example' } });
async function pageOf(answer: object, pageSize = 1_000) {
  const asked: { url: string; headers?: Record<string, string> }[] = [];
  const page = await salesforce.fetchPage({
    baseUrl: 'https://nord.my.salesforce.com', stream: 'leads', span, range: span, directory: null, cursor: null, pageSize,
    bytes: noFile, get: (schema, request) => { asked.push(request); return Promise.resolve(schema.parse(answer)); },
  });
  return { page, asked: asked[0]! };
}

it('takes a page of 2,000 rows, though it asked for fewer', async () => {
  const { page, asked } = await pageOf({ totalSize: 5_000, done: false, nextRecordsUrl: '/services/data/v59.0/query/01g-2000', records: Array.from({ length: 2_000 }, (_, n) => row(n)) });
  expect(page.records).toHaveLength(2_000);
  expect(page.next).toEqual({ link: '/services/data/v59.0/query/01g-2000', behind: { id: row(1_999).Id, stamp: '2026-08-20T09:15:00.000Z' } });
  expect(asked.headers).toEqual({ 'Sforce-Query-Options': 'batchSize=1000' });
});

it('asks for fewer than a batch by LIMIT, and goes on behind the last row', async () => {
  const { page, asked } = await pageOf({ totalSize: 50, done: true, records: Array.from({ length: 50 }, (_, n) => row(n)) }, 50);
  expect(decodeURIComponent(asked.url)).toMatch(/ORDER BY SystemModstamp DESC, Id DESC LIMIT 50$/);
  expect(page.next).toMatchObject({ link: null, behind: { id: row(49).Id } });
});

it('takes a row that was only touched for unchanged', async () => {
  const of = async (at: string, name = 'Lead 1'): Promise<SourceRecord> => (await pageOf({ done: true, records: [{ ...row(1, at), Name: name }] })).page.records[0]!;
  const before = await of('2026-08-01T00:00:00.000+0000'), touched = await of('2026-08-20T09:15:00.000+0000');
  expect([before.occurredAt, touched.occurredAt]).toEqual(['2026-08-01T00:00:00.000Z', '2026-08-20T09:15:00.000Z']);
  expect(contentHash(touched)).toBe(contentHash(before));
  expect(contentHash(await of('2026-08-20T09:15:00.000+0000', 'Another'))).not.toBe(contentHash(before));
});
