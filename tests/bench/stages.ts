/** Milliseconds per 100 records of every stage of a chunk alone, on HTML mails of 7-9 KB. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toColumns, toRows, type Addressed, type Owner } from '#fly-worker/chunk';
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
const OWNER: Owner = { tenantId: 'bench', integrationId: 'outlook', connectionId: 'c', jobId: 'j' };

interface StageFigure { stage: string; msPer100: number }

export async function measureStages(): Promise<StageFigure[]> {
  const figures: StageFigure[] = [], report = (stage: string, msPer100: number): void => { figures.push({ stage, msPer100 }); };
  /** Median of the rounds, the first one (cold) left out. */
  const measure = (stage: string, records: number, work: () => void): void => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) { const startedAt = performance.now(); work(); if (round > 0) times.push(performance.now() - startedAt); }
    report(stage, times.sort((a, b) => a - b)[times.length >> 1]! / records * 100);
  };
  const mails = benchMails(RECORDS), some = mails.slice(0, 500), readable = some.map((mail) => readHtml(mail.body.content));
  measure('HTML to text', some.length, () => { for (const mail of some) readHtml(mail.body.content); });
  measure('redaction', some.length, () => { for (const { text, parts } of readable) redact(text, parts); });
  measure('reply and signature marking', some.length, () => { for (const { text, parts } of readable) markReplies(text, parts); });
  measure('derive (all of it, with rules)', some.length, () => { derive(some); });
  measure('content hash', some.length, () => { for (const mail of some) contentHash(mail); });
  const derived = derive(some), fresh = some.map((source): Addressed => ({ source, recordId: source.providerId, contentHash: contentHash(source) }));
  measure('local embedding', some.length, () => { embedLocally(derived.flatMap((d) => d.passages.map((passage) => passage.embeddable))); });
  measure('rows for the ledger', some.length, () => { for (let from = 0; from < some.length; from += CHUNK) toColumns(toRows(OWNER, fresh.slice(from, from + CHUNK), derived.slice(from, from + CHUNK))); });
  await measureThreadAndStore(mails, report);
  return figures;
}

async function measureThreadAndStore(mails: ReturnType<typeof benchMails>, report: (stage: string, msPer100: number) => void): Promise<void> {
  const threads = openDeriveThreads(), folder = mkdtempSync(join(tmpdir(), 'bench-')), memory = openSemanticMemory({ uri: folder });
  const { id, dims } = localEmbedder(), space = { tenant: 'bench', embedder: { id, dims } };
  let threadMs = 0, mergeMs = 0;
  for (let from = 0; from < mails.length; from += CHUNK) {
    const fresh = mails.slice(from, from + CHUNK).map((source): Addressed => ({ source, recordId: source.providerId, contentHash: contentHash(source) }));
    const startedAt = performance.now();
    const { texts, vectors } = await threads.derive(OWNER, fresh, { embed: true });
    const derivedAt = performance.now();
    await memory.store(space, texts.map(({ title, text, parts, people }, i) => ({
      recordId: fresh[i]!.recordId, contentHash: fresh[i]!.contentHash, integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: Date.parse(fresh[i]!.source.occurredAt),
      title, text, parts, people, url: null, vector: vectorAt(vectors!, dims, i),
    })));
    threadMs += derivedAt - startedAt;
    mergeMs += performance.now() - derivedAt;
  }
  const upkeepAt = performance.now();
  await memory.upkeep(space);
  report('derive, embed, rows on the thread, there and back', threadMs / mails.length * 100);
  report('LanceDB merge of 100', mergeMs / mails.length * 100);
  report('LanceDB upkeep at the end', (performance.now() - upkeepAt) / mails.length * 100);
  await threads.close();
  await memory.close();
  rmSync(folder, { recursive: true });
}
