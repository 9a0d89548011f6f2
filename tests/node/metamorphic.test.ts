/** What must not matter does not: order, repetition, and what was there in between. Real mails through the real pipeline into real stores, compared by the bytes of their exports. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { plain } from '#fly-worker/chunk';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openEraser } from '#fly-worker/erase';
import { exportMemory } from '#fly-worker/export';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { writeErasure } from '#migrations/erasure';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const FILE = resolve(import.meta.dirname, '../../../shared/data/real-mail.jsonl.gz');
const EACH = 250;

interface Person { name: string; address: string }
interface Mail { id: string; messageId: string; date: string; from: Person; to: Person[]; cc: Person[]; subject: string; inReplyTo: string | null; body: string }
const someone = (role: 'from' | 'to' | 'cc') => ({ name, address }: Person) => ({ role, address, name: name || null });
/** As a connector would hand it over; a conversation is its subject without Re: and Fw:, so that mails of both halves share some. */
const recordOf = (mail: Mail): SourceRecord => ({
  stream: 'mail', kind: 'mail', providerId: mail.id, occurredAt: new Date(mail.date).toISOString(), endsAt: null, title: mail.subject, body: { format: 'text', content: mail.body },
  participants: [someone('from')(mail.from), ...mail.to.map(someone('to')), ...mail.cc.map(someone('cc'))], threadId: mail.subject.toLowerCase().replace(/^((re|fwd?):\s*)+/, ''),
  globalId: mail.messageId, replyToGlobalId: mail.inReplyTo, url: null, properties: { isReply: /^re:/i.test(mail.subject) },
});
/** Always the same one. */
const shuffled = <T>(list: readonly T[]): T[] => list.map((item, i) => [Math.imul(i + 1, 2_654_435_761) >>> 0, item] as const).sort((a, b) => a[0] - b[0]).map(([, item]) => item);

describe.skipIf(!existsSync(FILE))('memory of real mails (skipped where ../shared/data/real-mail.jsonl.gz is not there)', () => {
  const embedder = localEmbedder(), tenantId = 'same', connectionId = '00000000-0000-4000-8000-000000000001';
  let db: TestDatabase, threads: DeriveThreads, a: SourceRecord[], b: SourceRecord[];
  beforeAll(async () => {
    db = await startTestDatabase();
    threads = openDeriveThreads();
    const mails = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as Mail).filter((mail) => mail.date >= '2000').slice(0, 2 * EACH).map(recordOf);
    [a, b] = [mails.filter((_, i) => i % 2 === 0), mails.filter((_, i) => i % 2 === 1)];
  });
  afterAll(async () => { await threads.close(); await db.stop(); });

  const memoryOf = (...turns: SourceRecord[][]): Promise<string> => memoryAfter(turns, []);
  /** The export of a memory that begins empty, was told these in turn, each as a job of its own, and was asked then to erase some. */
  async function memoryAfter(turns: SourceRecord[][], erased: SourceRecord[]): Promise<string> {
    const dir = mkdtempSync(join(tmpdir(), 'hsync-metamorphic-')), semantic = openSemanticMemory({ uri: dir });
    try {
      const [tables] = await db.owner.system([sql`select string_agg(format('%I', table_name), ', ') as names from information_schema.columns where column_name = 'tenant_id' and table_schema = 'public'`]);
      await db.owner.system([sql`truncate ${sql.raw(String(tables![0]!.names))}, tenants cascade`, sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`,
        sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
      for (const records of turns) expect((await runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records })).mismatch).toBeNull();
      const [ids] = await db.owner.system([sql`select record_id::text as id from records where provider_id = any(${plain(erased.map((r) => r.providerId))}::text[])`]), eraser = openEraser({ db: db.app, semantic, log: () => undefined });
      for (const { id } of ids!) {
        const erasureId = randomUUID();
        await db.app.tenant(tenantId, [writeErasure(tenantId, erasureId, 'record', String(id), 'test')], 'exclusive');
        expect(await eraser.erase(tenantId, erasureId)).toMatchObject({ status: 'done', records: 1, texts: 1 });
      }
      let text = '';
      for await (const part of exportMemory({ db: db.app, semantic, embedder }, tenantId)) text += part;
      return text;
    } finally {
      await semantic.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }
  /** Says where two exports part, not all that follows. */
  function same(one: string, other: string): void {
    const [left, right] = [one.split('\n'), other.split('\n')], at = left.findIndex((line, i) => line !== right[i]);
    if (at >= 0) expect(left[at]).toBe(right[at]);
    expect(right.length).toBe(left.length);
  }
  const linesOf = (text: string, type: string): number => text.split('\n').filter((line) => line.startsWith(`{"type":"${type}"`)).length;

  it('is the same whichever half came first, or shuffled', async () => {
    const [first, turned, mixed] = [await memoryOf(a, b), await memoryOf(b, a), await memoryOf(shuffled([...a, ...b]))];
    expect(linesOf(first, 'record')).toBe(2 * EACH);
    expect(linesOf(first, 'edge')).toBeGreaterThan(4 * EACH);
    same(turned, first);
    same(mixed, first);
  }, 120_000);

  it('told twice is told once', async () => { same(await memoryOf(a, a, shuffled(a)), await memoryOf(a)); }, 120_000);

  it('that forgot one half is as if it had been told the other alone', async () => { same(await memoryAfter([a, b], b), await memoryOf(a)); }, 240_000);

  it('of an edited mail is as if it had always been so, without a trace of its old facts', async () => {
    const [mail] = a as [SourceRecord], old: SourceRecord = {
      ...mail, title: 'Quince marmalade', threadId: 'quince', occurredAt: '2039-01-01T00:00:00.000Z', body: { format: 'text', content: 'Offer OF-2031-777 over €1,234.50, see https://quince.example/offer' },
      participants: [...mail.participants.map((p) => ({ ...p, name: 'Renamed For A While' })), { role: 'cc', address: 'only@quince.example', name: 'Only Here' }],
    };
    const before = await memoryOf([old, ...a.slice(1)]);
    for (const trace of ['quince', 'Renamed For A While', 'OF-2031-777']) expect(before.toLowerCase()).toContain(trace.toLowerCase());
    const after = await memoryOf([old, ...a.slice(1)], a);
    same(after, await memoryOf(a));
    for (const trace of ['quince', 'Renamed For A While', 'OF-2031-777']) expect(after.toLowerCase()).not.toContain(trace.toLowerCase());
  }, 120_000);
});
