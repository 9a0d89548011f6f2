/** Long texts as passages: found by what stands at their end, one hit a record, and nothing of them stays when the record goes. The cuts as a pure function, the rest on real stores. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { PASSAGE_CHARS, PASSAGE_OVERLAP_CHARS, PASSAGE_WHOLE_CHARS_MAX, TEXT_CHARS_MAX } from '#contract/limits';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openEraser } from '#fly-worker/erase';
import { passagesOf } from '#fly-worker/extract/passages';
import { readRecord, search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { findTable } from '#fly-worker/semantic/tables';
import { sweepLeftovers } from '#fly-worker/sweep';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const paragraphs = (count: number): string => Array.from({ length: count }, (_, i) => `Paragraph ${i} speaks of the budget for the next quarter and of the schedule that the supplier has sent us. It was discussed with the team on Monday, and nobody had anything against it.`).join('\n\n');

describe('passages of a text', () => {
  it('are one for a short text, and for a long one whose news is short', () => {
    const quote = paragraphs(40), text = `Thank you.\n\n${quote}`;
    expect(passagesOf('Re: plan', 'Hello Anna', [])).toEqual([{ start: 0, end: 10, embeddable: 'Re: plan\nHello Anna' }]);
    expect(passagesOf('Re: plan', text, [{ kind: 'quote', start: 12, end: text.length }])).toEqual([{ start: 0, end: text.length, embeddable: 'Re: plan\nThank you.' }]);
  });
  it('of a long one cover all of it in order, overlap, and end where a sentence does', () => {
    const text = paragraphs(60).slice(0, TEXT_CHARS_MAX), passages = passagesOf('Plan', text, []);
    expect(passages.length).toBeGreaterThan(4);
    expect([passages[0]!.start, passages.at(-1)!.end]).toEqual([0, text.length]);
    for (const [i, { start, end, embeddable }] of passages.entries()) {
      expect(end - start).toBeLessThanOrEqual(PASSAGE_CHARS + 2 * PASSAGE_OVERLAP_CHARS);
      expect(embeddable).toBe(`Plan\n${text.slice(start, end).trim()}`);
      const before = passages[i - 1];
      if (before) { expect(start).toBeLessThan(before.end); expect(start).toBeGreaterThanOrEqual(before.end - PASSAGE_OVERLAP_CHARS); expect(text.slice(0, before.end).trimEnd()).toMatch(/[.!?]$/); }
    }
  });
  it('leave out what is history, wherever it stands', () => {
    const [top, quoted, bottom] = [paragraphs(12), `> ${'old words '.repeat(200)}`, paragraphs(12)], text = `${top}\n${quoted}\n${bottom}`;
    const passages = passagesOf('Plan', text, [{ kind: 'quote', start: top.length + 1, end: top.length + 1 + quoted.length }]);
    expect(passages.length).toBeGreaterThan(1);
    expect(passages.map((p) => p.embeddable).join(' ')).not.toContain('old words');
    expect(passages.at(-1)!.end).toBe(text.length);
  });
  it('end somewhere in a text without spaces, never in half a character, however long it is', () => {
    for (const unit of ['x', '😀', '字']) {
      const passages = passagesOf('', unit.repeat(TEXT_CHARS_MAX / unit.length), []);
      expect(passages.length).toBeGreaterThan(4);
      for (const { embeddable } of passages) expect(embeddable.isWellFormed()).toBe(true);
    }
    expect(passagesOf('', ' '.repeat(PASSAGE_WHOLE_CHARS_MAX + 1), [])).toHaveLength(2);
  });
});

describe('a long record', () => {
  const embedder = localEmbedder(), filler = paragraphs(50).slice(0, 9_600);
  const long: SourceRecord = { ...benchMails(1)[0]!, providerId: 'long', title: 'Minutes', threadId: 'long', body: { format: 'text', content: `${filler}\n\nThe veterinarian examined the sick horse, gave it medicine and will look at the animal again.` } };
  let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string;
  beforeAll(async () => { db = await startTestDatabase(); dir = mkdtempSync(join(tmpdir(), 'hsync-passages-')); semantic = openSemanticMemory({ uri: dir }); threads = openDeriveThreads(); });
  afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
  beforeEach(async () => {
    [tenantId, connectionId] = [`t${randomUUID().slice(0, 8)}`, randomUUID()];
    await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
  });
  const run = (records: SourceRecord[]) => runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records });
  const find = async (q: string, mode: 'semantic' | 'keyword' | 'hybrid') => (await search({ db: db.app, semantic, embedder }, tenantId, { q, mode, recency: 'ignore', limit: 50 })).results;
  const stats = async () => (await semantic.stats({ tenant: tenantId, embedder }))!;
  const idOf = async (providerId: string): Promise<string> => String((await db.owner.system([sql`select record_id::text as id from records where tenant_id = ${tenantId} and provider_id = ${providerId}`]))[0]![0]!.id);
  /** Rows of the record that are there, its passages among them. */
  async function rowsOf(recordId: string): Promise<number> {
    const lance = await connect(join(dir, tenantId)), table = (await findTable(lance, localEmbedder().id))!;
    try { return await table.countRows(`record_id = '${recordId}'`); } finally { table.close(); }
  }

  it('is found by meaning by what stands at its end, as one hit, with that passage shown', async () => {
    const { progress } = await run([...benchMails(30), long]);
    expect(progress.ledger).toMatchObject({ seen: 31, stored: 31 });
    const id = await idOf('long'), [best, ...others] = await find('doctor treats ill pony', 'semantic');
    expect(best).toMatchObject({ record_id: id, scores: { keyword: null } });
    expect(best!.snippet).toContain('veterinarian');
    expect(others.map((r) => r.record_id)).not.toContain(id);
    expect((await stats()).rows, 'texts').toBe(31);
    expect(await rowsOf(id)).toBeGreaterThan(4);
    for (const mode of ['keyword', 'hybrid'] as const) {
      const hits = await find('veterinarian', mode);
      expect(hits[0], mode).toMatchObject({ record_id: id });
      expect(hits[0]!.snippet).toContain('⟦veterinarian⟧');
      expect(hits.filter((hit) => hit.record_id === id)).toHaveLength(1);
    }
    expect((await readRecord({ db: db.app, semantic, embedder }, tenantId, id))!.text).toBe(long.body.content);
  });

  it('stored again is stored once, with all its passages; edited and swept it leaves none of the former ones', async () => {
    await run([long]);
    const before = await stats(), id = await idOf('long'), passages = await rowsOf(id);
    expect((await run([long])).progress.ledger).toMatchObject({ stored: 0, unchanged: 1 });
    expect(await stats()).toMatchObject({ rows: before.rows, vectors: before.vectors });
    await run([{ ...long, title: 'Minutes, corrected' }]);
    expect(await rowsOf(id)).toBe(2 * passages);
    await sweepLeftovers(db.app, semantic, 0);
    expect([await rowsOf(id), (await stats()).rows]).toEqual([passages, 1]);
    expect((await find('doctor treats ill pony', 'semantic'))[0]).toMatchObject({ record_id: id, title: 'Minutes, corrected' });
  });

  it('never committed is swept with all its passages, while those of a committed one stay', async () => {
    await run([long]);
    const id = await idOf('long'), [row] = await semantic.rows({ tenant: tenantId, embedder }, (await db.owner.system([sql`select record_id::text as "recordId", content_hash as "contentHash" from records where tenant_id = ${tenantId}`]))[0] as never);
    const vector = (await embedder.embed(['something'])).slice();
    await semantic.store({ tenant: tenantId, embedder }, [{ ...row!, recordId: randomUUID(), vector, more: [{ start: 10, end: 20, vector }, { start: 20, end: 30, vector: null }] }]);
    const kept = await rowsOf(id);
    expect((await stats()).vectors).toBe(kept + 2);
    expect(await semantic.sweep(tenantId, (versions) => Promise.resolve(new Set(versions.filter((version) => version.startsWith(id)))), -60_000, new AbortController().signal)).toBe(2);
    expect([await rowsOf(id), (await stats()).vectors]).toEqual([kept, kept]);
  });

  it('erased is gone with all its passages, and counts as one text on the receipt', async () => {
    await run([...benchMails(3), long]);
    const id = await idOf('long'), erasure = randomUUID();
    await db.owner.system([sql`insert into erasures (tenant_id, id, subject, subject_id, requested_by, requested_at) values (${tenantId}, ${erasure}::uuid, 'record', ${id}::uuid, 'test', now() + interval '1 second')`,
      sql`insert into erasing (tenant_id, record_id, erasure_id) values (${tenantId}, ${id}::uuid, ${erasure}::uuid)`]);
    const eraser = openEraser({ db: db.app, semantic, log: () => undefined });
    expect(await eraser.erase(tenantId, erasure)).toMatchObject({ status: 'done', records: 1, texts: 1 });
    await eraser.close();
    expect([await rowsOf(id), (await stats()).rows]).toEqual([0, 3]);
    expect((await find('doctor treats ill pony', 'semantic')).map((r) => r.record_id)).not.toContain(id);
  });
});
