/**
 * What happens around one decision: save first (the alarm armed with it), then mirror to Postgres, then doorbell and sockets.
 * Written against ports, so that the simulation runs this very code with storage, queue and Postgres that fail on purpose.
 */
import type { Job } from '#contract/job';
import { toJob } from './job-json.ts';
import { decide, isLastTry, type JobEvent, type JobState, type Refusal, type Rules } from './job-machine.ts';
import type { MirrorAnswer } from './mirror.ts';

export interface Ports {
  readonly rules: Rules;
  now(): number;
  load(): Promise<JobState | null>;
  /** Durable when it returns, with an alarm no later than `wakeAt`. */
  save(state: JobState): Promise<void>;
  /** Throws when Postgres cannot be reached. */
  mirror(state: JobState, limited: boolean): Promise<MirrorAnswer>;
  /** Chunks that Postgres has of this job. Undefined: it does not answer. */
  committed(state: JobState): Promise<number | undefined>;
  /** May fail: a bell that cannot be rung now is rung by the alarm. */
  ring(state: JobState, delayMs: number): Promise<void>;
  broadcast(state: JobState): void;
}

/** `unavailable`: Postgres did not take the change, so it is not promised; it is repeated by itself. */
export type ObjectRefusal = Refusal | 'unknown_job' | 'unavailable' | 'over_limit' | 'over_quota' | 'busy';
export type ObjectReply = { ok: true; fence: number; job: Job } | { ok: false; refusal: ObjectRefusal; job: Job | null };

/** Applies one event. Callers take turns: two at once would overtake each other's mirror. */
export async function apply(ports: Ports, event: JobEvent): Promise<ObjectReply> {
  const before = await ports.load();
  if (!before) return { ok: false, refusal: 'unknown_job', job: null };
  const { state, effects, reply } = decide(before, await informed(ports, before, event), ports.now(), ports.rules);
  if (!reply.ok) return { ok: false, refusal: reply.refusal, job: toJob(before, ports.now()) };
  await ports.save(state);
  const refusal = effects.some((e) => e.type === 'mirror') ? await mirrored(ports, state, event) : null;
  if (refusal === null) {
    for (const effect of effects) {
      switch (effect.type) {
        case 'mirror': break;
        case 'ring': await ports.ring(state, effect.delayMs).catch(() => undefined); break;
        case 'broadcast': ports.broadcast(state); break;
      }
    }
  }
  const job = toJob(await ports.load() ?? state, ports.now());
  // A worker that lets go, and the alarm, need no answer from Postgres: the change stands here and is repeated.
  const stands = refusal === null || (refusal === 'unavailable' && (event.type === 'released' || event.type === 'alarm'));
  return stands ? { ok: true, fence: reply.fence, job } : { ok: false, refusal, job };
}

/** Nobody is given up for want of a chunk that he has stored. */
async function informed(ports: Ports, before: JobState, event: JobEvent): Promise<JobEvent> {
  if ((event.type !== 'released' && event.type !== 'alarm') || !isLastTry(before)) return event;
  return { ...event, committed: await ports.committed(before) };
}

async function mirrored(ports: Ports, state: JobState, event: JobEvent): Promise<ObjectRefusal | null> {
  const answer = await ports.mirror(state, Boolean(state.resumedFrom)).catch(() => 'unavailable' as const);
  switch (answer) {
    case 'written':
      await ports.save({ ...state, mirrored: state.version, resumedFrom: null, unwritten: [] });
      return null;
    case 'unavailable':
      // Nobody may hold a claim that the gate does not know; everything else stands and is repeated by the alarm.
      if (event.type === 'claimed') await ports.save(decide(state, { type: 'claim_lost' }, ports.now(), ports.rules).state);
      return 'unavailable';
    case 'unbalanced':
      await apply(ports, { type: 'completion_refused' });
      return null;
    case 'over_limit':
    case 'over_quota':
    case 'busy':
      await apply(ports, { type: 'resume_refused', because: answer });
      return answer;
  }
}
