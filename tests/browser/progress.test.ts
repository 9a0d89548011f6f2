/** The page's progress stream, without a page: order, polling while the socket is away, coming back, and its ends. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Job, JobStatus } from '#contract/job';
import { ApiError } from '#contract/errors';
import { followProgress } from '../../web/client/progress.ts';
import type { ProgressSocket } from '../../web/client/progress.ts';

const TIME = '2026-11-21T10:00:00.000Z';
const jobAt = (seq: number, status: JobStatus = 'running'): Job => ({
  job_id: 'j', integration_id: 'outlook', source_connection_id: 'c', status, reason: status === 'running' ? null : 'done', message: null, priority: 'normal', mode: 'backfill',
  start_date: TIME, end_date: TIME, chunk_size: 100, scope: 'personal', progress_percentage: seq, records_processed: seq, records_removed: 0, entities_extracted: 0, relationships_extracted: 0,
  ledger: { seen: 0, stored: 0, unchanged: 0, duplicate: 0, failed: 0 }, enrichment: null, streams: [], chunks_completed: 0, attempt: 1, max_retries: 3, error_count: 0, last_error: null,
  estimated_seconds_remaining: null, next_retry_at: null, last_heartbeat: null, created_by: 'user:u', created_at: TIME, started_at: null, completed_at: null, updated_at: TIME, seq,
});

class FakeSocket implements ProgressSocket {
  onopen: ((event: never) => unknown) | null = null;
  onmessage: ((event: never) => unknown) | null = null;
  onclose: ((event: never) => unknown) | null = null;
  onerror: ((event: never) => unknown) | null = null;
  closed = false;
  close(): void { this.closed = true; }
  open(): void { this.onopen?.({} as never); }
  say(job: Job, type = 'progress'): void { this.onmessage?.({ data: JSON.stringify({ type, seq: job.seq, job, timestamp: TIME }) } as never); }
  drop(code: number): void { this.onclose?.({ code } as never); }
}

let sockets: FakeSocket[], heard: (number | string)[], polled: Job | ApiError, polls: number, stop: () => void;
const last = (): FakeSocket => { const socket = sockets.at(-1); if (!socket) throw new Error('no socket was opened'); return socket; };

beforeEach(() => {
  vi.useFakeTimers();
  sockets = []; heard = []; polled = jobAt(0); polls = 0;
  stop = followProgress({
    openSocket: () => { const socket = new FakeSocket(); sockets.push(socket); return socket; },
    getJob: async () => { polls++; if (polled instanceof ApiError) throw polled; return polled; },
  }, { onEvent: ({ seq }) => heard.push(seq), onMode: (mode) => heard.push(mode), onEnd: () => heard.push('end'), onError: ({ code }) => heard.push(code) });
});
afterEach(() => { stop(); vi.useRealTimers(); });

test('older and repeated news is dropped, and what is no event too', () => {
  last().open();
  last().say(jobAt(5), 'snapshot'); last().say(jobAt(4)); last().say(jobAt(5)); last().say(jobAt(6));
  last().onmessage?.({ data: '{"type":"progress"}' } as never);
  expect(heard).toEqual(['live', 5, 6]);
});

test('polls every 5 s while the socket is away, reconnects with back-off, and is live again', async () => {
  last().open(); last().say(jobAt(1));
  polled = jobAt(2);
  last().drop(1006);
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['live', 1, 'polling', 2]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sockets.length).toBe(2);
  last().drop(1006);
  polled = jobAt(3);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toEqual(['live', 1, 'polling', 2, 3]);
  last().open(); last().say(jobAt(3), 'snapshot'); last().say(jobAt(4));
  expect(heard.slice(-2)).toEqual(['live', 4]);
  const before = polls;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(polls).toBe(before);
});

test('a silent socket of a running job is asked about, and replaced when it kept news back', async () => {
  last().open(); last().say(jobAt(1));
  polled = jobAt(9);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(heard).toEqual(['live', 1, 9, 'polling']);
  expect(sockets.length).toBe(2);
  expect(sockets[0]?.closed).toBe(true);
});

test('ends on a terminal event, over the socket or by polling', async () => {
  last().open(); last().say(jobAt(1)); last().say(jobAt(2, 'completed'), 'completed'); last().say(jobAt(3));
  expect(heard).toEqual(['live', 1, 2, 'end']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([sockets.length, polls]).toEqual([1, 0]);
});

test('closed for good: asks once more, so that the end is never missed', async () => {
  last().open(); last().say(jobAt(1));
  polled = jobAt(2, 'failed');
  last().drop(1000);
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['live', 1, 2, 'end']);
});

test('signed out or gone: says so and stops; passing trouble does not', async () => {
  polled = new ApiError('unavailable', 'later');
  last().drop(1006);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toEqual(['polling']);
  polled = new ApiError('not_found', 'no such job');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toEqual(['polling', 'not_found']);
  const before = sockets.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets.length).toBe(before);
});
