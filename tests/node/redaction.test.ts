/** What a tenant says of its secrets, through the real line on a real Postgres: what is on is taken out, what is off stays in, and the counts are those of the records in memory. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { sparedBy, type SecretKind } from '#contract/redaction';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { benchMails } from '../bench/mails.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder(), connectionId = randomUUID(), tenantId = 'redacting', dir = mkdtempSync(join(tmpdir(), 'redaction-'));
let db: TestDatabase, threads: DeriveThreads, semantic: SemanticMemory;
beforeAll(async () => {
  [db, threads, semantic] = [await startTestDatabase(), openDeriveThreads(), openSemanticMemory({ uri: dir })];
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
}, 60_000);
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

const mail = (providerId: string, content: string): SourceRecord => ({ ...benchMails(1)[0]!, providerId, title: 'Access', body: { format: 'text', content } });
const mails = [mail('a', 'Password: Sommer-2026 and SSN 123-45-6789'), mail('b', 'pwd=abcd1234, api_key = "a8f5f167f44f4964e6c998dee827110c"'), mail('c', 'Nothing to hide.')];
const learn = async (records: SourceRecord[]) => (await runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records })).progress.ledger;
/** As the front desk writes and reads it. */
const say = (on: SecretKind[]) => db.app.tenant(tenantId, [sql`insert into redaction_settings (tenant_id, spared, changed_by) values (${tenantId}, ${`{${sparedBy(on).join(',')}}`}::text[], 'test') on conflict (tenant_id) do update set spared = excluded.spared`]);
const counts = async () => Object.fromEntries((await db.app.tenant(tenantId, [sql`select x.key as name, sum(x.value::int)::int as n from records r cross join lateral jsonb_each_text(r.redacted) x where r.tenant_id = ${tenantId} group by 1`]))[0]!.map((r) => [r.name, r.n]));
/** Everything that both memories say, in one text. */
async function kept(): Promise<string> {
  const ids = (await db.app.tenant(tenantId, [sql`select record_id::text as "recordId", content_hash as "contentHash", title, preview from records where tenant_id = ${tenantId}`]))[0]!;
  const texts = await semantic.rows({ tenant: tenantId, embedder }, ids as never);
  return JSON.stringify([ids, texts.map(({ title, text }) => [title, text])]);
}

it('takes everything out as long as nobody says otherwise, and a second run counts nothing twice', async () => {
  expect(await learn(mails)).toMatchObject({ stored: 3 });
  expect(await counts()).toEqual({ password: 2, ssn: 1, api_key: 1 });
  expect(await learn(mails)).toMatchObject({ stored: 0, unchanged: 3 });
  expect(await counts()).toEqual({ password: 2, ssn: 1, api_key: 1 });
  expect(await kept()).not.toMatch(/Sommer|123-45|abcd1234|a8f5f167/);
});

it('leaves in what is switched off, also in records that it meets again, and nothing else', async () => {
  await say(['private_key', 'api_key', 'card_number', 'ssn']);
  expect(await learn(mails)).toMatchObject({ stored: 3 });
  expect(await counts()).toEqual({ ssn: 1, api_key: 1 });
  expect(await kept()).toMatch(/Sommer-2026/);
  expect(await kept()).not.toMatch(/123-45|a8f5f167/);
});

it('takes it out again when it is switched on, and an edit and a forgotten record count no more', async () => {
  await say(['private_key', 'api_key', 'password', 'card_number', 'ssn']);
  await learn([mails[0]!, mail('b', 'Nothing here any more.'), mails[2]!]);
  expect(await counts()).toEqual({ password: 1, ssn: 1 });
  expect(await kept()).not.toMatch(/Sommer|abcd1234/);
  await db.owner.system([sql`delete from records where tenant_id = ${tenantId} and provider_id = 'a'`]);
  expect(await counts()).toEqual({});
});
