/** A worker's spans of the traces of its jobs (contract/trace): collected, sent a few at a time. They never slow the work: what a collector does not take in time is dropped. */
import { randomBytes } from 'node:crypto';
import { TRACE_EXPORT_EVERY_MS, TRACE_EXPORT_TIMEOUT_MS, TRACE_SPANS_HELD_MAX, TRACE_SPANS_PER_EXPORT } from '#contract/limits';
import { claimSpan, isTraced, toOtlp, traceOfJob, type Collector, type Span } from '#contract/trace';

/** What happened under a lease. */
export type Happened = Pick<Span, 'name' | 'kind' | 'beganMs' | 'endedMs' | 'ok' | 'attributes'>;

export interface Tracer {
  /** Writes it down. Returns at once. */
  happened(lease: { tenantId: string; jobId: string; fence: number }, what: Happened): void;
  /** Spans that nobody took. */
  readonly dropped: number;
  /** Sends what is held, once, and ends. */
  close(): Promise<void>;
}

/** Null: nobody collects, and nothing is done. */
export function openTracer(collector: Collector | null): Tracer | null {
  if (!collector) return null;
  const held: Span[] = [];
  let dropped = 0, flight: Promise<void> | null = null;

  async function send(spans: Span[]): Promise<void> {
    const took = await fetch(collector!.url, { method: 'POST', headers: collector!.headers, body: JSON.stringify(toOtlp('worker', spans)), signal: AbortSignal.timeout(TRACE_EXPORT_TIMEOUT_MS), redirect: 'manual' })
      .then(async (response) => { await response.body?.cancel(); return response.ok; }, () => false);
    if (!took) dropped += spans.length;
  }
  /** One export at a time: a slow collector gets fewer, not more at once. */
  function flush(): void {
    if (flight || held.length === 0) return;
    flight = send(held.splice(0, TRACE_SPANS_PER_EXPORT)).finally(() => { flight = null; if (held.length >= TRACE_SPANS_PER_EXPORT) flush(); });
  }
  const timer = setInterval(flush, TRACE_EXPORT_EVERY_MS);
  timer.unref();
  return {
    happened({ tenantId, jobId, fence }, what) {
      const traceId = traceOfJob(jobId);
      if (!isTraced(traceId, collector.ratio)) return;
      if (held.length >= TRACE_SPANS_HELD_MAX) { dropped += 1; return; }
      held.push({ ...what, traceId, spanId: randomBytes(8).toString('hex'), parent: claimSpan(jobId, fence), attributes: { 'job.id': jobId, 'tenant.id': tenantId, 'job.fence': fence, ...what.attributes } });
      if (held.length >= TRACE_SPANS_PER_EXPORT) flush();
    },
    get dropped() { return dropped; },
    async close() {
      clearInterval(timer);
      await flight;
      flush();
      await flight;
    },
  };
}
