/** Prints milliseconds per 100 records of every stage of a chunk, on HTML mails of 7-9 KB: node tests/bench/stages.ts */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDeriveThreads } from '#fly-worker/derive-thread';
import { vectorAt } from '#fly-worker/embed/embedder';
import { embedLocally, localEmbedder } from '#fly-worker/embed/local';
import { contentHash, derive } from '#fly-worker/extract/derive';
import { readHtml } from '#fly-worker/extract/html';
import { redact } from '#fly-worker/extract/redact';
import { markReplies } from '#fly-worker/extract/replies';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { benchMails } from './mails.ts';

const RECORDS = 2_000, CHUNK = 100, ROUNDS = 7;

const rows: { stage: string; 'ms per 100': string; 'records/s': string }[] = [];
const report = (stage: string, msPer100: number): void => { rows.push({ stage, 'ms per 100': msPer100.toFixed(1), 'records/s': Math.round(100_000 / msPer100).toLocaleString('en') }); };
/** Median of the rounds, the first one (cold) left out. */
function measure(stage: string, records: number, work: () => void): void {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) { const startedAt = performance.now(); work(); if (round > 0) times.push(performance.now() - startedAt); }
  report(stage, times.sort((a, b) => a - b)[times.length >> 1]! / records * 100);
}

const mails = benchMails(RECORDS), some = mails.slice(0, 500);
const readable = some.map((mail) => readHtml(mail.body.content));
measure('html', some.length, () => { for (const mail of some) readHtml(mail.body.content); });
measure('redact', some.length, () => { for (const { text, parts } of readable) redact(text, parts); });
measure('replies', some.length, () => { for (const { text, parts } of readable) markReplies(text, parts); });
measure('html + replies + redact + rules (derive)', some.length, () => { derive(some); });
measure('hash', some.length, () => { for (const mail of some) contentHash(mail); });
const texts = derive(some).map((record) => record.embeddable);
measure('local embed', some.length, () => { embedLocally(texts); });

const threads = openDeriveThreads(), folder = mkdtempSync(join(tmpdir(), 'bench-')), memory = openSemanticMemory({ uri: folder });
const { id, dims } = localEmbedder(), space = { tenant: 'bench', embedder: { id, dims } };
let deriveMs = 0, mergeMs = 0;
for (let from = 0; from < RECORDS; from += CHUNK) {
  const chunk = mails.slice(from, from + CHUNK), startedAt = performance.now();
  const fresh = chunk.map((source) => ({ source, recordId: source.providerId, contentHash: contentHash(source) }));
  const { texts: made, vectors } = await threads.derive({ tenantId: 'bench', integrationId: 'outlook', connectionId: 'c', jobId: 'j' }, fresh, { embed: true });
  const derivedAt = performance.now();
  await memory.store(space, made.map((record, row) => ({
    recordId: chunk[row]!.providerId, contentHash: contentHash(chunk[row]!), integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: Date.parse(chunk[row]!.occurredAt),
    title: record.title, text: record.text, parts: record.parts, people: record.people, url: null, vector: vectorAt(vectors!, dims, row),
  })));
  deriveMs += derivedAt - startedAt; mergeMs += performance.now() - derivedAt;
}
report('derive + embed on a thread, round trip', deriveMs / RECORDS * 100);
report('lance merge', mergeMs / RECORDS * 100);
const upkeepAt = performance.now();
await memory.upkeep(space);
report('lance upkeep at the end', (performance.now() - upkeepAt) / RECORDS * 100);
console.table(rows);
console.log(`mails of ${Math.round(mails.reduce((sum, mail) => sum + mail.body.content.length, 0) / RECORDS / 100) / 10} KB, node ${process.version}, RSS ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
await threads.close();
await memory.close();
rmSync(folder, { recursive: true });
