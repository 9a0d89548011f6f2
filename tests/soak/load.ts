/** What goes on in a house that is soaked: accounts that change, jobs that follow them, people who search, workers that die. And what is measured meanwhile. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Job } from '#contract/job';
import type { Client } from '../client.ts';
import { kill, type WholeHouse } from '../whole-house.ts';
import { deskProcess, heldByDesk } from './desk.ts';
import type { Sample } from './thirds.ts';

const MAILS = 300, NEWS = 6, SEARCH_EVERY_MS = 250, KILL_EVERY_MS = 20_000, LOOK_EVERY_MS = 2_000, HEAP_EVERY_MS = 15_000;
const WORDS = ['invoice', 'meeting', 'contract', 'budget', 'robot', 'delivery', 'thanks', 'offer'];

/** One account of one tenant, followed by its syncs. */
interface Follower { client: Client; account: string; connection: string }
export interface Counts { jobs: number; backfills: number; resumed: number; searches: number; failedSearches: number; edits: number; kills: number }
export interface Courses { worker: Sample[]; desk: Sample[]; deskProcess: Sample[]; deskFiles: Sample[]; search: Sample[]; /** As the worker itself says. */ searchInWorker: Sample[]; job: Sample[]; files: Sample[]; records: Sample[]; database: Sample[] }

export async function openFollowers(house: WholeHouse, count: number): Promise<Follower[]> {
  const followers: Follower[] = [];
  for (let i = 0; i < count; i += 1) {
    const account = `soak-${i}@soak.example`, client = await house.newTenant(`soak-${i}`);
    await house.sandbox.addAccount(account, { mails: MAILS, events: 20, seed: i + 1 });
    followers.push({ client, account, connection: await client.connect(account) });
  }
  return followers;
}

/** Everything at once until `untilMs` since the epoch. Throws when a job ends as none should. */
export async function soak(house: WholeHouse, followers: readonly Follower[], untilMs: number, counts: Counts, courses: Courses): Promise<void> {
  const began = Date.now(), goesOn = (): boolean => Date.now() < untilMs, now = (): number => Date.now() - began;
  const spared = house.fleet.machines()[0]!.id;

  async function follow({ client, account, connection }: Follower): Promise<void> {
    for (let round = 0; goesOn(); round += 1) {
      if (round > 0) await change(account);
      const startedAt = Date.now(), isBackfill = round % 5 === 0;
      let job = isBackfill ? await client.start(connection) : Job.parse(await (await client.fetch(`/api/connections/${connection}/sync`, { method: 'POST' })).json());
      job = await client.ended(job.job_id);
      // Killed three times at the beginning of a chunk: what a person would press.
      while (job.status === 'cancelled' && job.reason === 'abandoned') {
        await client.fetch(`/api/integrations/historical-sync/jobs/${job.job_id}/resume`, { method: 'POST' });
        counts.resumed += 1;
        job = await client.ended(job.job_id);
      }
      const { seen, stored, unchanged, duplicate, failed } = job.ledger;
      if (job.status !== 'completed' || seen !== stored + unchanged + duplicate + failed) throw new Error(`A job ended as ${job.status} (${job.reason}: ${job.message}), books ${JSON.stringify(job.ledger)}.`);
      counts.jobs += 1;
      counts.backfills += isBackfill ? 1 : 0;
      if (!isBackfill) courses.job.push({ at: now(), value: Date.now() - startedAt });
    }
  }

  /** Some mails come, as many of those before go, some are edited: the mailbox stays as large as it is. */
  async function change(account: string): Promise<void> {
    const at = `accounts/${encodeURIComponent(account)}/messages`, held = await house.sandbox.ask<{ id: string; subject: string }[]>('GET', `${at}?limit=200`);
    const come = held.filter(({ subject }) => subject.startsWith('Soak '));
    for (const { id } of come.slice(NEWS)) await house.sandbox.ask('DELETE', `${at}/${encodeURIComponent(id)}`);
    for (const { id } of come.slice(0, 2)) await house.sandbox.ask('PATCH', `${at}/${encodeURIComponent(id)}`, { body: `<p>Edited at ${now()}: ${WORDS[counts.edits % WORDS.length]}</p>` });
    for (let i = 0; i < NEWS; i += 1) await house.sandbox.ask('POST', at, { subject: `Soak ${counts.edits + i}`, body: `<p>News about the ${WORDS[(counts.edits + i) % WORDS.length]} of round ${now()}.</p>` });
    counts.edits += NEWS + 2;
  }

  async function search(): Promise<void> {
    for (let i = 0; goesOn(); i += 1) {
      const { client } = followers[i % followers.length]!, askedAt = performance.now();
      const answered = await client.search(WORDS[i % WORDS.length]!).catch(() => null);
      counts.searches += 1;
      // A worker that was just killed answers nobody; what counts is that the next one does.
      if (answered === null) counts.failedSearches += 1;
      else { courses.search.push({ at: now(), value: performance.now() - askedAt }); courses.searchInWorker.push({ at: now(), value: answered.took_ms }); }
      await pause(SEARCH_EVERY_MS);
    }
  }

  async function killNowAndThen(): Promise<void> {
    while (goesOn()) {
      await pause(Math.min(KILL_EVERY_MS, Math.max(0, untilMs - Date.now())));
      const victims = house.workerLog().filter((l) => l.event === 'ready' && l.machine !== spared);
      const last = victims.at(-1);
      if (!goesOn() || !last?.worker) continue;
      kill(Number(last.worker.split('/')[1]));
      counts.kills += 1;
    }
  }

  async function look(): Promise<void> {
    while (goesOn()) {
      const machine = house.fleet.machines().find(({ id }) => id === spared), health = machine && await fetch(`http://127.0.0.1:${machine.port}/healthz`).then((r) => r.json() as Promise<{ rss_bytes: number }>, () => null);
      if (health) courses.worker.push({ at: now(), value: health.rss_bytes / 2 ** 20 });
      const desk = deskProcess(new URL(house.url).port);
      if (desk !== null) { courses.deskProcess.push({ at: now(), value: desk.memory }); courses.deskFiles.push({ at: now(), value: desk.open }); }
      courses.files.push({ at: now(), value: filesIn(join(house.dir, 'lancedb')) });
      const [rows] = await house.owner.system([sql`select (select count(*)::int from records) as records, pg_database_size(current_database())::float8 / 1048576 as mb`]);
      courses.records.push({ at: now(), value: Number(rows![0]!.records) });
      courses.database.push({ at: now(), value: Number(rows![0]!.mb) });
      await pause(LOOK_EVERY_MS);
    }
  }

  async function lookIntoDesk(): Promise<void> {
    while (goesOn()) {
      const held = await heldByDesk(house.inspectorUrl);
      if (held !== null) courses.desk.push({ at: now(), value: held });
      await pause(Math.min(HEAP_EVERY_MS, Math.max(0, untilMs - Date.now())));
    }
  }

  await Promise.all([...followers.map(follow), search(), killNowAndThen(), look(), lookIntoDesk()]);
}

/** Not there before the first chunk; a folder that is tidied away under our eyes is counted the next time. */
function filesIn(folder: string): number {
  try { return readdirSync(folder, { recursive: true }).length; } catch { return 0; }
}
