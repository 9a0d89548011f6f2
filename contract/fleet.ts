/** What the fleet of worker machines looks like from outside: the shape of GET /api/fleet. */
import { z } from 'zod';

/** Fly's states as far as they matter to us; `unknown` is anything else: never counted on, never touched. */
export const MachineState = z.enum(['created', 'starting', 'started', 'stopping', 'stopped', 'destroying', 'destroyed', 'unknown']);
export type MachineState = z.infer<typeof MachineState>;

export const FleetMachine = z.object({
  machine_id: z.string(), state: MachineState, region: z.string().nullable(), created_at: z.iso.datetime({ offset: true }),
  /** Slots that work on a job. Null: it was not asked (not started) or did not answer. */
  busy: z.int().nullable(),
  /** Takes no job any more: about to go. */
  draining: z.boolean(),
  idle_seconds: z.number().nullable(),
});
export type FleetMachine = z.infer<typeof FleetMachine>;

/** `close`: it takes no further job and goes when it has done what it has. */
export const FleetAction = z.enum(['start', 'create', 'close', 'destroy']);
export type FleetAction = z.infer<typeof FleetAction>;

/** `trying`: on its way, or we died on the way. `kept`: it had taken a job in the meantime. */
export const FleetDecision = z.object({
  at: z.iso.datetime(), action: FleetAction, machine_id: z.string().nullable(), why: z.string(), queue_depth: z.int().nullable(),
  outcome: z.enum(['trying', 'done', 'kept', 'failed']),
});
export type FleetDecision = z.infer<typeof FleetDecision>;

/** `machines_api`: Fly did not do it. `queue_depth`: Postgres did not say how many jobs wait. */
export const FleetError = z.object({ at: z.iso.datetime(), source: z.enum(['machines_api', 'queue_depth', 'internal']), kind: z.string(), message: z.string() });
export type FleetError = z.infer<typeof FleetError>;

export const FleetStatus = z.object({
  /** False: the number of machines is fixed from outside, nothing is decided here. */
  autoscaling: z.boolean(),
  /** Newest last. */
  machines: z.array(FleetMachine),
  queue_depth: z.int().nullable(),
  settings: z.object({ scale_up_queue_depth: z.number(), scale_down_idle_minutes: z.number(), fleet_max: z.int(), fleet_check_seconds: z.number() }),
  last_decision: FleetDecision.nullable(),
  /** Newest first. */
  decisions: z.array(FleetDecision),
  /** Why nothing is being done right now: what the last look came to. */
  resting_because: z.string().nullable(),
  last_error: FleetError.nullable(),
  /** Looks that failed since the last good one. 0: all is well, `last_error` is history. */
  failures_in_a_row: z.int(),
  looked_at: z.iso.datetime().nullable(),
  next_look_at: z.iso.datetime().nullable(),
});
export type FleetStatus = z.infer<typeof FleetStatus>;
