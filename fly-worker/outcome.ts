/** How a run that ended in an error lets go of its job. One table; null: there is nothing left to let go of. */
import type { Outcome } from '#contract/job';
import { DatabaseError } from '#migrations/database';
import { DoorError } from './door.ts';
import { FencedError } from './ledger.ts';
import { QuotaExhausted } from './pipeline.ts';
import { ProviderError } from './provider.ts';

/** Reason of an abort: the process shuts down. */
export class Shutdown extends Error { override name = 'Shutdown'; }
/** Reason of an abort: the object or the gate said that somebody else, or nobody, may work on this job. */
export class LeaseLost extends Error { override name = 'LeaseLost'; }
/** The account was disconnected while its job ran. */
export class ConnectionRemoved extends Error { override name = 'ConnectionRemoved'; }

const RATE_LIMIT_DEFAULT_MS = 60_000;

export function outcomeOf(error: unknown): Outcome | null {
  if (error instanceof FencedError || error instanceof LeaseLost) return null;
  if (error instanceof Shutdown) return { kind: 'handed_back', crashed: false };
  if (error instanceof ConnectionRemoved) return { kind: 'paused', reason: 'connection_removed', message: error.message };
  if (error instanceof QuotaExhausted) return { kind: 'paused', reason: 'quota_exhausted', message: error.message };
  if (error instanceof ProviderError) return outcomeOfProvider(error);
  if (error instanceof DatabaseError) return { kind: 'errored', reason: 'internal_error', message: `The database did not take the chunk${error.code ? ` (${error.code})` : ''}. It is tried again.` };
  if (error instanceof DoorError) return { kind: 'errored', reason: 'internal_error', message: error.message };
  return { kind: 'errored', reason: 'internal_error', message: error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'Something unknown broke.' };
}

function outcomeOfProvider(error: ProviderError): Outcome {
  const { message } = error;
  switch (error.kind) {
    case 'auth_expired': return { kind: 'paused', reason: 'auth_expired', message };
    case 'forbidden': return { kind: 'failed', reason: 'forbidden', message };
    case 'rate_limited': return { kind: 'snoozed', retryAfterMs: Math.ceil(error.retryAfterMs ?? RATE_LIMIT_DEFAULT_MS), message };
    case 'bad_request': case 'not_found': case 'foreign_link': return { kind: 'failed', reason: 'provider_error', message };
    case 'provider_unavailable': case 'page_too_heavy': case 'gone': case 'unreadable_answer': case 'answer_too_large':
      return { kind: 'errored', reason: 'provider_error', message };
  }
}
