/** The job machine as a table: every state meets every event once, and what must hold whatever happens is walked at random. */
import { describe, expect, it } from 'vitest';
import { emptyLedger, emptyProgress, type Outcome, type Progress } from '#contract/job';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, LEASE_MS, MIRROR_AGAIN_MS, RING_AGAIN_MS, SNOOZES_MAX, STALL_MS } from '#contract/limits';
import { backoffMs, decide, newJob, wakeAt, type Decision, type JobEvent, type JobFacts, type JobState, type Rules } from '#durable-objects/job-machine';
import { percentage, toJob } from '#durable-objects/job-json';
import { jobFromRow, type JobRow } from '#migrations/job-row';

const rules: Rules = { leaseMs: LEASE_MS, stallMs: STALL_MS, ringAgainMs: RING_AGAIN_MS };
const START = Date.parse('2026-11-01T00:00:00Z'), SECOND = 1_000;
const facts: JobFacts = {
  jobId: 'job', tenantId: 'tenant', integrationId: 'outlook', connectionId: 'connection', priority: 'normal', mode: 'backfill', startDate: START - 90 * 86_400_000, endDate: START,
  chunkSize: 100, scope: 'personal', maxRetries: 3, createdAt: START, createdBy: 'user:u1',
};
const at = (chunks: number, covered: number): Progress => ({ ...emptyProgress, chunks_completed: chunks, covered, ledger: { ...emptyLedger, seen: chunks, stored: chunks } });

/** A moment in a job's life. */
interface Scene { state: JobState; now: number }
/** Plays events, a second apart, on a Postgres that takes everything. `fence: -1` in an event stands for the current one. */
function play(from: Scene, ...events: JobEvent[]): Scene {
  let { state, now } = from;
  for (const event of events) {
    const decision = decide(state, 'fence' in event && event.fence === -1 ? { ...event, fence: state.fence } : event, now += SECOND, rules);
    if (!decision.reply.ok) throw new Error(`${event.type} was refused: ${decision.reply.refusal}`);
    state = heardByPostgres(decision.state);
  }
  return { state, now };
}
const heardByPostgres = (state: JobState): JobState => (state.lease ? state : { ...state, mirrored: state.version, resumedFrom: null, unwritten: [] });
const later = ({ state, now }: Scene, ms: number): Scene => ({ state, now: now + ms });

const claim: JobEvent = { type: 'claimed', workerId: 'w1' };
const letGo = (outcome: Outcome): JobEvent => ({ type: 'released', fence: -1, outcome });
const beats = (progress: Progress | null = null): JobEvent => ({ type: 'beat', fence: -1, progress });
const heldBack: JobEvent = { type: 'held', until: START + 600 * SECOND, message: 'Outlook has failed 5 times in a row.' };
const errored: Outcome = { kind: 'errored', reason: 'provider_error', message: 'Down.' };
const crashed: Outcome = { kind: 'handed_back', crashed: true };

const fresh: Scene = { state: newJob(facts, emptyProgress), now: START };
const waiting = play(fresh, { type: 'started' });
const running = play(waiting, claim);
const thirdRun = play(running, letGo(crashed), claim, letGo(crashed), claim);
const paused = play(running, { type: 'paused' });
const lockedOut = play(running, letGo({ kind: 'paused', reason: 'auth_expired', message: 'Reconnect.' }));
const reconnected: Scene = { ...lockedOut, state: decide(lockedOut.state, { type: 'reconnected' }, lockedOut.now, rules).state };

const scenes = {
  'waiting': waiting,
  'waiting, the bell was lost': later(waiting, RING_AGAIN_MS),
  'waiting, not yet due': play(running, letGo(errored)),
  'waiting, its provider is down': play(waiting, heldBack),
  'resumed, not yet in Postgres': { ...paused, state: decide(paused.state, { type: 'resumed' }, paused.now, rules).state },
  'running': running,
  'running, lease run out': later(running, LEASE_MS),
  'running, alive but stalled': (() => { let scene = running; while (scene.now < running.now + STALL_MS - LEASE_MS / 2) scene = later(play(scene, beats()), LEASE_MS / 2); return later(scene, LEASE_MS / 2 - SECOND); })(),
  'third run, lease run out': later(thirdRun, LEASE_MS),
  'completed': play(running, letGo({ kind: 'completed', progress: at(9, 1) })),
  'completed, not yet in Postgres': { ...running, state: decide(running.state, { type: 'released', fence: running.state.fence, outcome: { kind: 'completed', progress: at(9, 1) } }, running.now, rules).state },
  'failed': play(running, letGo({ kind: 'failed', reason: 'forbidden', message: 'No.' })),
  'paused by a person': paused,
  'paused, access lost': lockedOut,
  'paused, quota used up': play(running, letGo({ kind: 'paused', reason: 'quota_exhausted', message: 'Used up.' })),
  'paused, no place': play(reconnected, { type: 'resume_refused', because: 'over_limit' }),
  'reconnected, not yet in Postgres': reconnected,
  'paused, disconnected': play(running, { type: 'disconnected' }),
  'completed, failures to be retried, not yet in Postgres': (() => { const done = play(running, letGo({ kind: 'completed', progress: at(9, 1) })); return { ...done, state: decide(done.state, { type: 'failures_retried' }, done.now, rules).state }; })(),
  'cancelled by a person': play(waiting, { type: 'cancelled' }),
  'abandoned': play(later(thirdRun, LEASE_MS), { type: 'alarm' }),
} satisfies Record<string, Scene>;
type SceneName = keyof typeof scenes;

const events = {
  'started': { type: 'started' },
  'claimed': claim,
  'held back': heldBack,
  'claim lost': { type: 'claim_lost' },
  'beat': beats(),
  'beat with progress': beats(at(5, 0.5)),
  'stale beat': { type: 'beat', fence: 0, progress: at(8, 0.8) },
  'released: completed': letGo({ kind: 'completed', progress: at(9, 1) }),
  'released: completed too early': letGo({ kind: 'completed', progress: at(9, 0.9) }),
  'released: books do not balance': letGo({ kind: 'completed', progress: { ...at(9, 1), ledger: { ...emptyLedger, seen: 1 } } }),
  'released: snoozed': letGo({ kind: 'snoozed', retryAfterMs: 5_000, message: 'Wait.' }),
  'released: errored': letGo(errored),
  'released: paused': letGo({ kind: 'paused', reason: 'auth_expired', message: 'Reconnect.' }),
  'released: failed': letGo({ kind: 'failed', reason: 'forbidden', message: 'No.' }),
  'released: handed back': letGo({ kind: 'handed_back', crashed: false }),
  'released: crashed': letGo(crashed),
  'stale release': { type: 'released', fence: 0, outcome: { kind: 'completed', progress: at(9, 1) } },
  'cancelled': { type: 'cancelled' },
  'paused': { type: 'paused' },
  'resumed': { type: 'resumed' },
  'failures retried': { type: 'failures_retried' },
  'resume refused': { type: 'resume_refused', because: 'over_limit' },
  'resume refused: quota': { type: 'resume_refused', because: 'over_quota' },
  'room again': { type: 'room_again' },
  'reconnected': { type: 'reconnected' },
  'disconnected': { type: 'disconnected' },
  'completion refused': { type: 'completion_refused' },
  'alarm': { type: 'alarm' },
} satisfies Record<string, JobEvent>;
type EventName = keyof typeof events;

/**
 * `status/reason EFFECTS` when something changed, `= EFFECTS` when it was accepted and nothing changed, `x refusal` when not.
 * Effects: M mirror, B broadcast, R ring; R+5 rings in five seconds.
 */
const CANCEL = 'cancelled/user_cancelled MB', PAUSE = 'paused/user_paused MB', RESUME = 'pending/resumed MBR', RETRY = 'pending/failures_retried MBR', REMOVED = 'paused/connection_removed MB';
/** Nobody holds a lease, so nobody can beat or release, whatever fence is shown. */
const nobody = {
  'claim lost': '=', 'beat': 'x fenced', 'beat with progress': 'x fenced', 'stale beat': 'x fenced', 'released: completed': 'x fenced', 'released: completed too early': 'x fenced',
  'released: books do not balance': 'x fenced', 'released: snoozed': 'x fenced', 'released: errored': 'x fenced', 'released: paused': 'x fenced', 'released: failed': 'x fenced',
  'released: handed back': 'x fenced', 'released: crashed': 'x fenced', 'stale release': 'x fenced',
} as const;
const inQueue = { ...nobody, 'started': '= R', 'claimed': 'running/- MB', 'held back': 'pending/provider_down MBR+599', 'cancelled': CANCEL, 'paused': PAUSE, 'resumed': 'x invalid_state', 'failures retried': 'x invalid_state', 'resume refused': '=', 'resume refused: quota': '=', 'room again': 'x invalid_state', 'reconnected': 'x invalid_state', 'disconnected': REMOVED, 'completion refused': '=', 'alarm': '=' } as const;
const held = {
  'started': '=', 'claimed': 'x leased', 'held back': 'x not_waiting', 'claim lost': 'pending/queued MBR+2', 'beat': 'running/- B', 'beat with progress': 'running/- B', 'stale beat': 'x fenced',
  'released: completed': 'completed/done MB', 'released: completed too early': 'failed/ledger_mismatch MB', 'released: books do not balance': 'failed/ledger_mismatch MB',
  'released: snoozed': 'pending/rate_limited MBR+5', 'released: errored': 'pending/retry_scheduled MBR+2', 'released: paused': 'paused/auth_expired MB', 'released: failed': 'failed/forbidden MB',
  'released: handed back': 'pending/handed_back MBR', 'released: crashed': 'pending/lease_lost MBR', 'stale release': 'x fenced',
  'cancelled': CANCEL, 'paused': PAUSE, 'resumed': 'x invalid_state', 'failures retried': 'x invalid_state', 'resume refused': '=', 'resume refused: quota': '=', 'room again': 'x invalid_state', 'reconnected': 'x invalid_state', 'disconnected': REMOVED, 'completion refused': '=', 'alarm': '=',
} as const;
const ended = { ...nobody, 'started': '=', 'claimed': 'x not_waiting', 'held back': 'x not_waiting', 'cancelled': 'x invalid_state', 'paused': 'x invalid_state', 'resumed': 'x invalid_state', 'failures retried': 'x invalid_state', 'resume refused': '=', 'resume refused: quota': '=', 'room again': 'x invalid_state', 'reconnected': 'x invalid_state', 'disconnected': 'x invalid_state', 'completion refused': '=', 'alarm': '=' } as const;

const table: Record<SceneName, Record<EventName, string>> = {
  'waiting': inQueue,
  'waiting, the bell was lost': { ...inQueue, 'held back': 'pending/provider_down MBR+539', 'alarm': '= R' },
  'waiting, not yet due': { ...inQueue, 'claimed': 'x not_due', 'held back': 'pending/provider_down MBR+597' },
  'waiting, its provider is down': { ...inQueue, 'claimed': 'x not_due', 'held back': 'x not_due' },
  'resumed, not yet in Postgres': { ...inQueue, 'claimed': 'x not_waiting', 'held back': 'x not_waiting', 'resume refused': 'paused/user_paused MB', 'resume refused: quota': 'paused/user_paused MB', 'alarm': '= MBR' },
  'reconnected, not yet in Postgres': { ...inQueue, 'claimed': 'x not_waiting', 'held back': 'x not_waiting', 'resume refused': 'paused/too_many_jobs MB', 'resume refused: quota': 'paused/quota_exhausted MB', 'alarm': '= MBR' },
  'running': held,
  'running, lease run out': { ...held, 'alarm': 'pending/lease_lost MBR' },
  'running, alive but stalled': { ...held, 'alarm': 'pending/stalled MBR' },
  'third run, lease run out': { ...held, 'released: errored': 'failed/provider_error MB', 'released: crashed': 'cancelled/abandoned MB', 'alarm': 'cancelled/abandoned MB' },
  'completed': { ...ended, 'failures retried': RETRY, 'completion refused': 'failed/ledger_mismatch MB' },
  'completed, failures to be retried, not yet in Postgres': { ...inQueue, 'claimed': 'x not_waiting', 'held back': 'x not_waiting', 'resume refused': 'completed/done MB', 'resume refused: quota': 'completed/done MB', 'alarm': '= MBR' },
  'completed, not yet in Postgres': { ...ended, 'failures retried': RETRY, 'completion refused': 'failed/ledger_mismatch MB', 'alarm': '= MB' },
  'failed': { ...ended, 'resumed': RESUME, 'failures retried': RETRY },
  'paused by a person': { ...ended, 'cancelled': CANCEL, 'resumed': RESUME, 'failures retried': RETRY },
  'paused, quota used up': { ...ended, 'cancelled': CANCEL, 'resumed': RESUME, 'failures retried': RETRY, 'room again': RESUME },
  'paused, no place': { ...ended, 'cancelled': CANCEL, 'resumed': RESUME, 'failures retried': RETRY, 'room again': RESUME },
  'paused, disconnected': { ...ended, 'cancelled': CANCEL, 'resumed': RESUME, 'failures retried': RETRY },
  'paused, access lost': { ...ended, 'cancelled': CANCEL, 'resumed': RESUME, 'failures retried': RETRY, 'reconnected': RESUME },
  'cancelled by a person': ended,
  'abandoned': { ...ended, 'resumed': RESUME, 'failures retried': RETRY },
};

function inWords(before: JobState, { state, effects, reply }: Decision): string {
  if (!reply.ok) return `x ${reply.refusal}`;
  const letters = effects.map((e) => (e.type === 'mirror' ? 'M' : e.type === 'broadcast' ? 'B' : e.delayMs ? `R+${e.delayMs / SECOND}` : 'R')).join('');
  return `${state.version === before.version ? '=' : `${state.status}/${state.reason ?? '-'}`} ${letters}`.trim();
}
/** For states without a lease the fence shown is the newest there ever was: even that opens nothing. */
const meant = (event: JobEvent, state: JobState): JobEvent => ('fence' in event && event.fence === -1 ? { ...event, fence: state.fence } : event);

describe.each(Object.entries(table))('a job that is %s', (name, row) => {
  const { state, now } = scenes[name as SceneName];
  it.each(Object.entries(row))('%s -> %s', (event, expected) => {
    const before = JSON.stringify(state);
    const decision = decide(state, meant(events[event as EventName], state), now, rules);
    expect(inWords(state, decision)).toBe(expected);
    expect(JSON.stringify(state), 'a decision changes nothing in place').toBe(before);
    if (!decision.reply.ok) expect(decision).toEqual({ state, effects: [], reply: decision.reply });
    expectSound(state, decision.state, now);
  });
});

/** What holds for any state and any step. */
function expectSound(before: JobState, after: JobState, now: number): void {
  expect(after.status === 'running', 'a lease and only a lease is running').toBe(after.lease !== null);
  expect(after.reason === null, 'every state but running says why').toBe(after.status === 'running');
  expect(after.message === null).toBe(after.status === 'running');
  expect(after.fence, 'the fence never falls').toBeGreaterThanOrEqual(before.fence);
  if (after.lease) expect(after.lease.fence).toBe(after.fence);
  if (before.lease?.fence !== after.lease?.fence) expect(after.fence, 'a lease that begins or ends raises the fence').toBeGreaterThan(before.fence);
  expect(after.version).toBeGreaterThanOrEqual(before.version);
  if (after.status !== before.status || after.reason !== before.reason || after.lease !== before.lease || after.progress !== before.progress) expect(after.version, 'a change that can be seen has a new version').toBeGreaterThan(before.version);
  expect(after.progress.covered).toBeGreaterThanOrEqual(before.progress.covered);
  expect(after.progress.chunks_completed).toBeGreaterThanOrEqual(before.progress.chunks_completed);
  expect(toJob(after, now).progress_percentage === 100, '100 only when completed').toBe(after.status === 'completed');
  if (after.nextRetryAt !== null || after.ringAt !== null) expect(after.status).toBe('pending');
  if (after.status === 'pending') expect(after.ringAt, 'who waits is rung for').not.toBeNull();
  expect(after.completedAt !== null, 'an end has a time').toBe(after.status === 'completed' || after.status === 'failed' || after.status === 'cancelled');
  const owed = after.status === 'running' || after.status === 'pending' || after.mirrored < after.version;
  const wake = wakeAt(after, now, rules);
  if (owed) expect(wake, 'something is owed, so the object wakes').not.toBeNull();
  else expect(wake).toBeNull();
  if (after.lease) expect(wake).toBeLessThanOrEqual(after.lease.expiresAt);
  if (!after.lease && after.mirrored < after.version) expect(wake).toBeLessThanOrEqual(now + MIRROR_AGAIN_MS);
}

describe('whatever happens', () => {
  it('the rules of version, fence, progress and waking hold, in 150 random lives', () => {
    const random = randomOf(1), all = Object.values(events) as JobEvent[];
    const seen = new Set<string>();
    for (let life = 0; life < 150; life++) {
      let { state, now } = fresh, chunks = 0;
      for (let step = 0; step < 120; step++) {
        now += Math.floor(random() * (random() < 0.1 ? STALL_MS : 8 * SECOND));
        let event = all[Math.floor(random() * all.length)]!;
        if (random() < 0.4) event = state.lease ? beats(at(random() < 0.5 ? ++chunks : chunks, Math.min(0.9, chunks / 200))) : random() < 0.7 ? claim : { type: 'resumed' };
        const decision = decide(state, meant(event, state), now, rules);
        expectSound(state, decision.state, now);
        seen.add(`${decision.state.status}/${decision.state.reason}`);
        chunks = Math.max(chunks, decision.state.progress.chunks_completed);
        state = random() < 0.8 ? heardByPostgres(decision.state) : decision.state;
      }
    }
    expect(seen.size, 'the walks went everywhere').toBeGreaterThanOrEqual(12);
  });

  it('a stale worker is refused for ever, whatever became of the job', () => {
    for (const { state, now } of Object.values(scenes)) {
      for (let fence = 0; fence < state.fence; fence++) expect(decide(state, { type: 'beat', fence, progress: at(9, 1) }, now, rules).reply).toEqual({ ok: false, refusal: 'fenced' });
    }
  });
});

describe('events', () => {
  const told = (scene: Scene, ...list: JobEvent[]): string[] => {
    let { state, now } = scene;
    for (const event of list) ({ state } = decide(state, meant(event, state), now += SECOND, rules));
    return state.unwritten.map((n) => `${n.no} ${n.actor} ${n.event}`);
  };

  it('say who did what, one after the other, and nothing of heartbeats and refusals', () => {
    expect(told(waiting, claim, beats(), beats(at(1, 0.1)), { type: 'resumed', by: 'user:a' }, { type: 'paused', by: 'user:a' }, { type: 'resumed', by: 'key:b' }, { type: 'resume_refused', because: 'busy' }, { type: 'cancelled' })).toEqual([
      '2 worker:w1 claimed', '3 user:a user_paused', '4 key:b resumed', '5 system resume_refused', '6 system user_cancelled',
    ]);
    expect(told(waiting, claim, letGo(errored)).at(-1)).toBe('3 worker:w1 retry_scheduled');
    expect(told(later(running, LEASE_MS), { type: 'alarm' }).at(-1)).toMatch(/system lease_lost$/);
  });

  it('say why a job is held back, once however many workers ask', () => {
    const { state } = decide(waiting.state, heldBack, waiting.now, rules);
    expect(state).toMatchObject({ status: 'pending', reason: 'provider_down', message: 'Outlook has failed 5 times in a row.', nextRetryAt: START + 600 * SECOND, attempt: 0 });
    expect(told(waiting, heldBack, claim, heldBack)).toEqual(['2 system provider_down']);
    expect(decide(state, claim, START + 600 * SECOND, rules).reply.ok, 'the probe').toBe(true);
  });

  it('carry the error with the sentence', () => {
    expect(decide(running.state, meant(letGo(errored), running.state), running.now, rules).state.unwritten.at(-1)!.message).toBe('Down. Something went wrong on the way. It is tried again by itself.');
  });

  it('are cleaned of what Postgres cannot store, cut, and never more than are kept', () => {
    const { state } = decide(running.state, meant(letGo({ kind: 'failed', reason: 'forbidden', message: `\0\ud800${'x'.repeat(2_000)}` }), running.state), running.now, rules);
    expect(state.unwritten.at(-1)!.message).toMatch(/^\ufffdx+$/);
    expect(state.unwritten.at(-1)!.message.length).toBeLessThanOrEqual(500);
    const often = Array.from({ length: 60 }, (): JobEvent[] => [{ type: 'paused' }, { type: 'resumed' }]).flat();
    let lived = running.state;
    for (const event of often) lived = decide(lived, event, running.now, rules).state;
    expect(lived.unwritten).toHaveLength(50);
    expect(lived.noted - lived.unwritten[0]!.no).toBe(49);
  });
});

describe('attempts', () => {
  const lost = (scene: Scene): Scene => play(later(scene, LEASE_MS), { type: 'alarm' });

  it('three lost leases without a chunk abandon the job, with these very words', () => {
    const { state } = lost(play(lost(play(lost(play(waiting, claim)), claim)), claim));
    expect(state).toMatchObject({ status: 'cancelled', reason: 'abandoned', message: 'Abandoned (server restart or timeout)', attempt: 3, errorCount: 3, nextRetryAt: null });
  });

  it('a chunk that landed gives a new budget', () => {
    const twice = lost(play(lost(play(waiting, claim)), claim));
    const third = play(twice, claim, beats(at(1, 0.1)));
    expect(third.state.attempt).toBe(1);
    expect(lost(third).state).toMatchObject({ status: 'pending', reason: 'lease_lost' });
    const repeated = play(third, beats(at(1, 0.1)));
    expect(repeated.state.attempt, 'the same chunk again is none').toBe(1);
  });

  it.each<[string, (scene: Scene, committed?: number) => Scene]>([
    ['lost lease', (scene, committed) => play(later(scene, LEASE_MS), { type: 'alarm', committed })], ['crash', (scene, committed) => play(scene, { ...letGo(crashed), committed } as JobEvent)],
  ])('a chunk that landed unheard counts at the last %s, once', (_, lose) => {
    const third = play(lost(play(lost(play(waiting, claim)), claim)), claim);
    expect(lose(third, 0).state.reason).toBe('abandoned');
    expect(lose(third).state.reason, 'Postgres did not answer').toBe('abandoned');
    const spared = lose(third, 2);
    expect(spared.state).toMatchObject({ status: 'pending', reason: 'lease_lost', attempt: 1, progress: { chunks_completed: 2 } });
    expect(lose(play(lost(play(spared, claim)), claim), 2).state.reason, 'the same chunk again is none').toBe('abandoned');
  });

  it('a resume gives a new budget', () => {
    expect(play(scenes.abandoned, { type: 'resumed' }).state).toMatchObject({ status: 'pending', attempt: 0, snoozes: 0, completedAt: null });
  });

  it('a shutdown, a snooze and a claim that Postgres did not take cost none', () => {
    for (const event of [letGo({ kind: 'handed_back', crashed: false }), letGo({ kind: 'snoozed', retryAfterMs: 1_000, message: 'Wait.' }), { type: 'claim_lost' } as const]) expect(play(running, event).state.attempt).toBe(waiting.state.attempt);
  });

  it('errors are tried again after 2, 4, 8 s .. 5 min, and end as failed with the last message', () => {
    expect([1, 2, 3, 4].map(backoffMs)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(backoffMs(0)).toBe(BACKOFF_FIRST_MS);
    expect(backoffMs(50)).toBe(BACKOFF_MAX_MS);
    const first = play(running, letGo(errored));
    expect(first.state).toMatchObject({ status: 'pending', nextRetryAt: first.now + 2_000, lastError: 'Down.', errorCount: 1 });
    const second = play(later(first, 60_000), claim, letGo(errored));
    expect(second.state.nextRetryAt).toBe(second.now + 4_000);
    expect(play(later(second, 60_000), claim, letGo({ ...errored, message: 'Still down.' })).state).toMatchObject({ status: 'failed', reason: 'provider_error', message: 'Still down.', errorCount: 3 });
  });

  it('a provider that says "later" for ever ends as failed', () => {
    let scene = waiting;
    for (let i = 1; i < SNOOZES_MAX; i++) {
      scene = play(later(scene, 60_000), claim, letGo({ kind: 'snoozed', retryAfterMs: 5_000, message: 'Wait.' }));
      expect(scene.state).toMatchObject({ status: 'pending', reason: 'rate_limited', snoozes: i, errorCount: 0, nextRetryAt: scene.now + 5_000 });
    }
    expect(play(later(scene, 60_000), claim, beats(at(1, 0.1))).state.snoozes, 'unless a chunk lands').toBe(0);
    expect(play(later(scene, 60_000), claim, letGo({ kind: 'snoozed', retryAfterMs: 5_000, message: 'Wait.' })).state).toMatchObject({ status: 'failed', reason: 'provider_error', message: 'Wait.' });
  });

  it('a job that waits for its time is rung for at that time, and again when nobody came', () => {
    const { state, now } = play(running, letGo({ kind: 'snoozed', retryAfterMs: 90_000, message: 'Wait.' }));
    expect(state.ringAt).toBe(now + 90_000 + RING_AGAIN_MS);
    expect(decide(state, claim, now + 89_999, rules).reply).toEqual({ ok: false, refusal: 'not_due' });
    expect(decide(state, claim, now + 90_000, rules).reply.ok).toBe(true);
    expect(inWords(state, decide(state, { type: 'alarm' }, state.ringAt!, rules))).toBe('= R');
  });
});

describe('a heartbeat', () => {
  it('renews the lease from now', () => {
    const { state, now } = play(running, beats());
    expect(state.lease).toMatchObject({ expiresAt: now + LEASE_MS, lastCommitAt: running.now });
  });
  it('with a chunk moves the stall on; one that is older than what is known changes nothing', () => {
    const { state, now } = play(running, beats(at(3, 0.3)));
    expect(state.lease!.lastCommitAt).toBe(now);
    expect(play({ state, now }, beats(at(2, 0.2))).state.progress).toEqual(state.progress);
  });
  it('with records that a model has read moves the stall on, too', () => {
    const reading = (done: number) => beats({ ...at(3, 1), enrichment: { queued: 10 - done, done, failed: 0, tokens_spent: done, tokens_left: null, message: null } });
    const begun = play(running, beats(at(3, 1)), reading(0)), waiting = play(later(begun, SECOND), reading(0)), moved = play(later(waiting, SECOND), reading(1));
    expect(waiting.state.lease!.lastCommitAt).toBe(begun.state.lease!.lastCommitAt);
    expect(moved.state.lease!.lastCommitAt).toBe(moved.now);
    expect(toJob(moved.state, moved.now)).toMatchObject({ progress_percentage: 99, enrichment: { queued: 9, done: 1 } });
  });
});

describe('the job as people see it', () => {
  it.each([[false, 0, 0], [false, 0.1234, 12.3], [false, 0.9999, 99], [false, 1, 99], [true, 1, 100], [true, 0.5, 100]])('completed %s, covered %d: %d %%', (completed, covered, expected) => {
    expect(percentage(completed, covered)).toBe(expected);
  });

  it('has an estimate only while running and far enough to tell, from this run\'s own speed', () => {
    const eta = ({ state, now }: Scene): number | null => toJob(state, now).estimated_seconds_remaining;
    expect(eta(waiting)).toBeNull();
    expect(eta(running)).toBeNull();
    expect(eta(later(play(running, beats(at(1, 0.005))), 10_000)), 'below one percent it would be a guess').toBeNull();
    expect(eta(later(play(running, beats(at(1, 0.25))), 9_000)), 'a quarter in 10 s leaves 30 s').toBe(30);
    const again = play(running, beats(at(1, 0.5)), letGo({ kind: 'handed_back', crashed: false }), claim, beats(at(2, 0.75)));
    expect(eta(later(again, 9_000)), 'a quarter in 10 s of this run leaves 10 s').toBe(10);
    expect(eta(scenes.completed)).toBeNull();
  });

  it.each([[12.300000190734863, 12.3], [12.699999809265137, 12.7], [99.9, 99], [0, 0], [33.33333206176758, 33.3]])('shows %d %% of a row as %d', (stored, shown) => {
    const row = { status: 'paused', progress_percentage: stored, checkpoint_data: null, start_date: 0, end_date: 0, created_at: 0, updated_at: 0, started_at: null, completed_at: null, next_retry_at: null, last_heartbeat: null } as unknown as JobRow;
    expect(jobFromRow(row).progress_percentage).toBe(shown);
  });

  it('shows times as ISO 8601 UTC and no negative attempt', () => {
    const job = toJob({ ...waiting.state, attempt: -1 }, waiting.now);
    expect(job).toMatchObject({ attempt: 0, created_at: '2026-11-01T00:00:00.000Z', started_at: null, seq: 1 });
  });
});

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
