/** Afterwards: does memory hold every record of the mailbox in range, once, in both stores, and do the books say so? Looked at from outside, not through the code under test. */
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import { isBalanced, type Job } from '#contract/job';
import { textTables } from '#fly-worker/semantic/tables';
import type { Client } from '../client.ts';
import type { WholeHouse } from '../whole-house.ts';

export interface Synced { client: Client; tenantId: string; account: string; job: Job }
/** `problems`: books that do not add up, in words. */
export interface Verdict { records: number; lost: number; doubled: number; problems: string[] }

/** Records per job that are asked for through the API as well. */
const ASKED_FOR = 10;

export async function judge(house: WholeHouse, synced: Synced[]): Promise<Verdict> {
  const verdict: Verdict = { records: 0, lost: 0, doubled: 0, problems: [] };
  for (const one of synced) add(verdict, await judgeJob(house, one));
  for (const tenantId of new Set(synced.map((s) => s.tenantId))) add(verdict, await judgeSemantic(house, tenantId));
  return verdict;
}

function add(sum: Verdict, part: Partial<Verdict>): void {
  sum.records += part.records ?? 0;
  sum.lost += part.lost ?? 0;
  sum.doubled += part.doubled ?? 0;
  sum.problems.push(...part.problems ?? []);
}

/** Postgres against the provider: the same records, each once, and the counters are the rows. */
async function judgeJob(house: WholeHouse, { client, tenantId, account, job }: Synced): Promise<Partial<Verdict>> {
  const expected = await inRange(house, account, job), problems: string[] = [];
  const [records, ledger, sums, paid] = await house.owner.system([
    sql`select provider_id, record_id::text as id from records where tenant_id = ${tenantId} and connection_id = ${job.source_connection_id}::uuid`,
    sql`select outcome, count(*)::int as n, count(distinct record_id)::int as records from sync_ledger where tenant_id = ${tenantId} and job_id = ${job.job_id}::uuid group by 1`,
    sql`select sum(seen)::int as seen, sum(stored)::int as stored, sum(unchanged)::int as unchanged, sum(duplicate)::int as duplicate, sum(failed)::int as failed, sum(seq)::int as chunks, bool_and(done) as done
          from sync_windows where tenant_id = ${tenantId} and job_id = ${job.job_id}::uuid`,
    sql`select coalesce(sum(records_stored), 0)::int as stored from acu_usage where tenant_id = ${tenantId} and job_id = ${job.job_id}::uuid`,
  ]) as [{ provider_id: string; id: string }[], { outcome: string; n: number; records: number }[], Record<string, unknown>[], { stored: number }[]];
  const held = new Set(records.map((r) => r.provider_id));
  const say = (isSo: boolean, what: string): void => { if (!isSo) problems.push(`${account}: ${what}`); };
  say(isBalanced(job.ledger), `the ledger does not balance: ${JSON.stringify(job.ledger)}`);
  say(sums[0]!.done === true, 'a window is not done');
  for (const key of ['seen', 'stored', 'unchanged', 'duplicate', 'failed'] as const) say(sums[0]![key] === job.ledger[key], `${key}: the windows say ${String(sums[0]![key])}, the job ${job.ledger[key]}`);
  for (const key of ['stored', 'unchanged', 'failed'] as const) say((ledger.find((l) => l.outcome === key)?.n ?? 0) === job.ledger[key], `${key}: the books do not say what the job says`);
  say(job.chunks_completed === sums[0]!.chunks, 'the chunks of the windows are not those of the job');
  say(paid[0]!.stored === job.ledger.stored, `${paid[0]!.stored} records were paid for, ${job.ledger.stored} stored`);
  say([...held].every((id) => expected.has(id)), 'memory holds a record that the mailbox has not');
  for (const { id } of records.filter((_, i) => i % Math.ceil(records.length / ASKED_FOR) === 0)) say((await client.fetch(`/api/memory/records/${id}`)).status === 200, `record ${id} cannot be read`);
  return {
    records: expected.size, lost: [...expected].filter((id) => !held.has(id)).length, problems,
    doubled: records.length - held.size + ledger.reduce((n, l) => n + l.n - l.records, 0),
  };
}

/** What the provider has in the job's range: what occurred from its start until before its end. */
async function inRange({ sandbox }: WholeHouse, account: string, job: Job): Promise<Set<string>> {
  const [mails, events] = await Promise.all([
    sandbox.ask<{ id: string; receivedDateTime: string }[]>('GET', `accounts/${account}/messages?limit=1000000`), sandbox.ask<{ id: string; start: string }[]>('GET', `accounts/${account}/events`),
  ]);
  const since = Date.parse(job.start_date), until = Date.parse(job.end_date), isIn = (at: string): boolean => Date.parse(at) >= since && Date.parse(at) < until;
  return new Set([...mails.filter((m) => isIn(m.receivedDateTime)), ...events.filter((e) => isIn(e.start))].map((r) => r.id));
}

/** LanceDB, read through the ledger: what the ledger names is there, and there once. What it does not name is nobody's. */
async function judgeSemantic(house: WholeHouse, tenantId: string): Promise<Partial<Verdict>> {
  const [rows] = await house.owner.system([sql`select record_id::text || ':' || content_hash as id from records where tenant_id = ${tenantId}`]);
  const named = new Map(rows!.map((r) => [String(r.id), 0]));
  const db = await connect(join(house.dir, 'lancedb', tenantId));
  for (const { name } of await textTables(db)) {
    const table = await db.openTable(name);
    for (const { id } of await table.query().select(['id']).toArray() as { id: string }[]) { const seen = named.get(id); if (seen !== undefined) named.set(id, seen + 1); }
    table.close();
  }
  db.close();
  const counts = [...named.values()];
  return { lost: counts.filter((n) => n === 0).length, doubled: counts.reduce((sum, n) => sum + Math.max(0, n - 1), 0) };
}
