/**
 * One Durable Object per job. It loads the state, asks the machine, saves the answer, then carries out the effects
 * (carry-out.ts). One event at a time; no rule lives here: only storage, alarm, queue and sockets.
 */
import { DurableObject } from 'cloudflare:workers';
import { emptyProgress, isTerminal, type Job, type JobEventMessage, type Outcome, type Progress } from '#contract/job';
import { DATABASE_TIMEOUT_MS, LEASE_MS, MIRROR_TIMEOUT_MS, QUEUE_DELAY_SECONDS_MAX, RING_AGAIN_MS, STALL_MS } from '#contract/limits';
import { takeTurns } from '#contract/turns';
import { openDatabase, type Database } from '#migrations/database';
import { toJob } from './job-json.ts';
import { apply, type ObjectReply } from './carry-out.ts';
import { newJob, wakeAt, type JobEvent, type JobFacts, type JobState, type Rules } from './job-machine.ts';
import { adopt, committed, mirror } from './mirror.ts';

export interface SyncJobEnv {
  SYNC_QUEUE: Queue<{ tenant_id: string; job_id: string }>;
  APP_DATABASE_URL: string;
  NEON_HTTP_URL?: string;
  LEASE_SECONDS?: string;
  REAPER_STALE_MINUTES?: string;
  RING_AGAIN_SECONDS?: string;
}

/** The object of a job: its name carries tenant and job, so that it can find its row with nothing else left. */
export const objectName = (tenantId: string, jobId: string): string => `${tenantId}/${jobId}`;

const asked = (by: string | undefined): { by?: string } => (by === undefined ? {} : { by });

export class SyncJob extends DurableObject<SyncJobEnv> {
  readonly #rules: Rules;
  readonly #db: Database;
  #state: JobState | null;
  /** One event after the other: a mirror in flight must not be overtaken. */
  readonly #inTurn = takeTurns();
  #armed: number | null = null;

  constructor(ctx: DurableObjectState, env: SyncJobEnv) {
    super(ctx, env);
    this.#rules = {
      leaseMs: env.LEASE_SECONDS ? Number(env.LEASE_SECONDS) * 1000 : LEASE_MS,
      stallMs: env.REAPER_STALE_MINUTES ? Number(env.REAPER_STALE_MINUTES) * 60_000 : STALL_MS,
      ringAgainMs: env.RING_AGAIN_SECONDS ? Number(env.RING_AGAIN_SECONDS) * 1000 : RING_AGAIN_MS,
    };
    this.#db = openDatabase({ url: env.APP_DATABASE_URL, httpUrl: env.NEON_HTTP_URL, timeoutMs: Math.min(MIRROR_TIMEOUT_MS, DATABASE_TIMEOUT_MS) });
    const stored = ctx.storage.kv.get<JobState>('job');
    // A state that an earlier version stored knows nothing of events, retries, modes and who began it.
    this.#state = stored ? { ...stored, facts: { ...stored.facts, mode: stored.facts.mode ?? 'backfill', createdBy: stored.facts.createdBy ?? 'system' }, progress: { ...stored.progress, records_removed: stored.progress.records_removed ?? 0 }, retriesAsked: stored.retriesAsked ?? 0, noted: stored.noted ?? 1, unwritten: stored.unwritten ?? [] } : null;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** The row stands in Postgres already. Saves the state, arms the alarm, rings. Saying it twice is harmless. */
  start(facts: JobFacts): Promise<ObjectReply> {
    return this.#inTurn(async () => {
      this.#state ??= newJob(facts, emptyProgress);
      return this.#apply({ type: 'started' });
    });
  }
  /** Is this job still waiting for a worker? Asked before a doorbell is passed on. */
  wanted(): Promise<boolean> {
    return this.#inTurn(async () => { const state = await this.#load(); return state?.status === 'pending' && (state.nextRetryAt ?? 0) <= Date.now(); });
  }
  claim(workerId: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'claimed', workerId })); }
  /** Not to be claimed before `until`, and why. */
  hold(until: number, message: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'held', until, message })); }
  beat(fence: number, progress: Progress | null): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'beat', fence, progress })); }
  release(fence: number, outcome: Outcome): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'released', fence, outcome })); }
  /** Does this fence hold the lease right now? */
  holds(fence: number): Promise<boolean> { return this.#inTurn(async () => (await this.#load())?.lease?.fence === fence); }
  /** `by`: who asked, for the job's events. */
  cancel(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'cancelled', ...asked(by) })); }
  pause(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'paused', ...asked(by) })); }
  resume(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'resumed', ...asked(by) })); }
  retryFailures(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'failures_retried', ...asked(by) })); }
  reconnected(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'reconnected', ...asked(by) })); }
  disconnected(by?: string): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'disconnected', ...asked(by) })); }
  roomAgain(): Promise<ObjectReply> { return this.#inTurn(() => this.#apply({ type: 'room_again' })); }
  snapshot(): Promise<Job | null> { return this.#inTurn(async () => { const state = await this.#load(); return state ? toJob(state, Date.now()) : null; }); }
  override alarm(): Promise<void> {
    this.#armed = null;
    return this.look();
  }
  /** Is anything overdue? */
  look(): Promise<void> { return this.#inTurn(async () => { await this.#apply({ type: 'alarm' }); }); }

  /** A socket that watches this job. Who may watch was decided at the front desk. */
  override async fetch(): Promise<Response> {
    const state = await this.#inTurn(() => this.#load());
    if (!state) return new Response('no such job', { status: 404 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    send(server, worded('snapshot', toJob(state, Date.now())));
    if (isTerminal(state.status)) server.close(1000, state.status);
    return new Response(null, { status: 101, webSocket: client });
  }
  override webSocketMessage(): void { /* Watchers have nothing to say; pings are answered without waking us. */ }
  override webSocketClose(socket: WebSocket, code: number): void { if (socket.readyState !== WebSocket.CLOSED) socket.close(code === 1005 || code === 1006 ? 1000 : code); }

  async #load(): Promise<JobState | null> {
    if (this.#state) return this.#state;
    const [tenantId, jobId] = (this.ctx.id.name ?? '').split('/');
    if (!tenantId || !jobId) return null;
    this.#state = await adopt(this.#db, tenantId, jobId).catch(() => null);
    if (this.#state) await this.#save(this.#state);
    return this.#state;
  }

  #apply(event: JobEvent): Promise<ObjectReply> {
    return apply({
      rules: this.#rules, now: () => Date.now(), load: () => this.#load(), save: (state) => this.#save(state), mirror: (state, limited) => mirror(this.#db, state, limited), committed: (state) => committed(this.#db, state),
      ring: async ({ facts }, delayMs) => { await this.env.SYNC_QUEUE.send({ tenant_id: facts.tenantId, job_id: facts.jobId }, { delaySeconds: Math.min(Math.ceil(delayMs / 1000), QUEUE_DELAY_SECONDS_MAX) }); },
      broadcast: (state) => this.#broadcast(state),
    }, event);
  }

  /** Durable before anything else happens; the alarm armed with it. Waking too early is harmless, so a later wish leaves an earlier alarm alone. */
  async #save(state: JobState): Promise<void> {
    this.#state = state;
    this.ctx.storage.kv.put('job', state);
    const wake = wakeAt(state, Date.now(), this.#rules);
    this.#armed ??= await this.ctx.storage.getAlarm();
    if (wake === null || (this.#armed !== null && this.#armed <= wake)) return;
    await this.ctx.storage.setAlarm(wake);
    this.#armed = wake;
  }

  #broadcast(state: JobState): void {
    const type = state.status === 'running' || state.status === 'pending' ? 'progress' : state.status;
    // Worded once: a thousand watchers are told the same.
    const text = worded(type, toJob(state, Date.now()));
    for (const socket of this.ctx.getWebSockets()) {
      send(socket, text);
      if (isTerminal(state.status) && socket.readyState === WebSocket.OPEN) socket.close(1000, state.status);
    }
  }
}

const worded = (type: JobEventMessage['type'], job: Job): string => JSON.stringify({ type, seq: job.seq, job, timestamp: new Date().toISOString() } satisfies JobEventMessage);

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  try { socket.send(text); } catch { /* it closed between the look and the word */ }
}
