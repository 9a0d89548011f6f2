/** How soon jobs begin, what a heartbeat costs, how soon watchers hear, how the API answers under load, and how soon a killed worker is replaced: on a whole house. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { emptyProgress, type JobEventMessage, type Progress } from '#contract/job';
import { openDoor, type Claim, type Door } from '#fly-worker/door';
import { until, type Client } from '../client.ts';
import { openChaosHouse, startJobs } from '../chaos/run.ts';
import { observe } from '../chaos/observer.ts';
import { kill, openWholeHouse, type WholeHouse } from '../whole-house.ts';

/** Sorted ascending. */
export type Millis = number[];
interface JobFigures { startToClaim: Millis; heartbeat: Millis; delivery: Map<number, Millis>; api: Millis; apiErrors: number }

const STARTS = 60, BEATS = 300, EVENTS = 30, API_SECONDS = 10, API_PER_SECOND = 100;
const sorted = (values: number[]): Millis => values.toSorted((a, b) => a - b);

/** Everything but kills. `watchers`: how many at once, one measurement each. */
export async function measureJobs(watchers: number[]): Promise<JobFigures> {
  const house = await openWholeHouse({ workers: 2 });
  try {
    const startToClaim = await measureStarts(house);
    // From here on we are the worker: the real ones stand still.
    for (const { pid } of house.fleet.machines()) kill(-pid!, 'SIGSTOP');                   // its whole group: supervisor and process
    const held = await claimOne(house), heartbeat = await measureBeats(held), delivery = new Map<number, Millis>();
    for (const count of watchers) delivery.set(count, await measureDelivery(house, held, count));
    const { times, errors } = await measureApi(held.client, held.claim.job.job_id);
    return { startToClaim, heartbeat, delivery, api: times, apiErrors: errors };
  } finally {
    for (const { pid } of house.fleet.machines()) if (pid) kill(-pid, 'SIGCONT');
    await house.end();
  }
}

/** From the press of the button until a worker has the job, on a house of its own. */
export async function measurePickUp(): Promise<Millis> {
  const house = await openWholeHouse({ workers: 1 });
  try { return await measureStarts(house); } finally { await house.end(); }
}

/** One job after the other, the workers idle: from the click until a worker has the job. */
async function measureStarts(house: WholeHouse): Promise<Millis> {
  const client = await house.newTenant('starts'), times: number[] = [];
  await house.sandbox.addAccount('starts@bench.example', { mails: 5, events: 0, seed: 1, months: 1 });
  const connection = await client.connect('starts@bench.example'), start_date = new Date(Date.now() - 5 * 86_400_000).toISOString();
  for (let i = 0; i <= STARTS; i++) {
    const clickedAt = Date.now(), { job_id } = await client.start(connection, { start_date });
    await client.ended(job_id);
    if (i > 0) times.push(house.claims(job_id)[0]!.at - clickedAt);                    // the first one is cold
  }
  return sorted(times);
}

interface Held { client: Client; door: Door; claim: Claim }
async function claimOne(house: WholeHouse): Promise<Held> {
  const client = await house.newTenant('held');
  await house.sandbox.addAccount('held@bench.example', { mails: 5, events: 0, seed: 2, months: 1 });
  const { job_id } = await client.start(await client.connect('held@bench.example'));
  const { worker: secret } = JSON.parse(readFileSync(join(house.dir, 'secrets.json'), 'utf8')) as { worker: string };
  const door = openDoor({ apiUrl: house.url, secret, workerId: 'bench' }), answer = await door.claim('held', job_id);
  if (!answer.ok) throw new Error(`The job is not to be had: ${answer.message}`);
  return { client, door, claim: answer.value };
}

let chunks = 0;
const more = (): Progress => ({ ...emptyProgress, chunks_completed: ++chunks, covered: 0.5 });
async function beat({ door, claim }: Held): Promise<void> {
  const answer = await door.beat(claim, more());
  if (!answer.ok) throw new Error(`The heartbeat was refused: ${answer.message}`);
  claim.token = answer.value;
}

/** A worker's round trip: token checked, object asked, state durable, next token. */
async function measureBeats(held: Held): Promise<Millis> {
  const times: number[] = [];
  for (let i = 0; i < BEATS; i++) {
    const began = performance.now();
    await beat(held);
    if (i >= 20) times.push(performance.now() - began);
  }
  return sorted(times);
}

/** From the moment the object words an event until each watcher has it, all on this machine's clock. */
async function measureDelivery(house: WholeHouse, held: Held, count: number): Promise<Millis> {
  const times: number[] = [], sockets: WebSocket[] = [], { job_id } = held.claim.job;
  let heard = 0;
  const open = (): Promise<void> => new Promise((resolve, reject) => {
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/ws/historical-sync/${job_id}`, { headers: { authorization: `Bearer ${held.client.apiKey}` } } as never);
    socket.addEventListener('error', () => reject(new Error('A watcher\'s socket broke.')));
    socket.addEventListener('message', ({ data }) => {
      const at = Date.now(), { type, timestamp } = JSON.parse(String(data)) as JobEventMessage;
      if (type === 'snapshot') return resolve();
      times.push(at - Date.parse(timestamp));
      heard++;
    });
    sockets.push(socket);
  });
  while (sockets.length < count) {
    await Promise.all(Array.from({ length: Math.min(25, count - sockets.length) }, open));
    await beat(held);                                                                   // opening a thousand takes longer than a lease
  }
  await pause(500);
  times.length = heard = 0;
  for (let i = 1; i <= EVENTS; i++) {
    await beat(held);
    await until(async () => heard, (n) => n >= i * count, 'every watcher has heard it');
  }
  for (const socket of sockets) socket.close();
  return sorted(times);
}

/** Requests at a fixed rate, whether or not the former are answered: lists and single jobs in turns. */
async function measureApi({ fetch: ask }: Client, jobId: string): Promise<{ times: Millis; errors: number }> {
  const jobs = '/api/integrations/historical-sync/jobs', times: number[] = [], flying: Promise<void>[] = [], began = performance.now();
  let errors = 0;
  for (let i = 0; i < API_SECONDS * API_PER_SECOND; i++) {
    const due = began + i * 1000 / API_PER_SECOND, wait = due - performance.now();
    if (wait > 0) await pause(wait);
    flying.push(ask(i % 2 ? jobs : `${jobs}/${jobId}`).then(async (response) => {
      await response.arrayBuffer();
      if (!response.ok) errors++;
      times.push(performance.now() - due);
    }, () => { errors++; }));
  }
  await Promise.all(flying);
  return { times: sorted(times), errors };
}

/** At least `kills` working processes killed with -9 while six jobs run: until each job it held has stored a chunk more. */
export async function measureRecovery(kills: number): Promise<{ kills: number; recovered: Millis }> {
  const house = await openChaosHouse();
  try {
    const synced = await startJobs(house, 'recovery', { tenants: 2, jobsPerTenant: 3, mails: 1_500, events: 0, chunkSize: 1, latencyMs: 200, isShort: false });
    const observer = observe(house.postgres!.superuserUrl, synced.map((s) => s.job.job_id));
    let done = 0;
    while (done < kills) {
      await until(async () => observer.jobs(), (rows) => rows.length === synced.length && observer.open() === 0 && rows.every((r) => r.status === 'running' && r.chunks > 0), 'every job at work');
      const running = observer.jobs(), at = Date.now();
      const holders = new Map(running.map((r) => [r.id, house.holder(r.id).worker]));
      observer.hit([...holders.keys()], true, at);
      for (const pid of new Set(holders.values())) { kill(pid); done++; }
    }
    await until(async () => observer.open(), (open) => open === 0, 'every job is at work again');
    await observer.stop();
    return { kills: done, recovered: sorted(observer.recovered()) };
  } finally {
    await house.end();
  }
}
