/** The desk's spans of a job's trace (contract/trace), sent behind the answer's back: nobody waits for a collector, and one that fails costs a span. */
import { waitUntil } from 'cloudflare:workers';
import { TRACE_EXPORT_TIMEOUT_MS } from '#contract/limits';
import { claimSpan, collectorOf, isTraced, startSpan, toOtlp, traceOfJob, type Span } from '#contract/trace';
import type { Env } from './env.ts';

type Seen = Pick<Span, 'kind' | 'beganMs' | 'ok'> & { attributes?: Span['attributes'] };

/** Tells the collector of one step of a job; without a collector, nothing. `fence`: of the claim it belongs to, or that it is. */
export function trace(env: Env, name: 'start' | 'bell' | 'claim' | 'release', job: { tenantId: string; jobId: string; fence?: number }, { kind, beganMs, ok, attributes = {} }: Seen): void {
  const collector = collectorOf(env), { tenantId, jobId, fence = 0 } = job, traceId = traceOfJob(jobId);
  if (!collector || !isTraced(traceId, collector.ratio)) return;
  const spanId = { start: startSpan(jobId), claim: claimSpan(jobId, fence), bell: randomId(), release: randomId() }[name];
  const parent = { start: null, claim: startSpan(jobId), bell: startSpan(jobId), release: claimSpan(jobId, fence) }[name];
  const span: Span = { traceId, spanId, parent, name, kind, beganMs, endedMs: Date.now(), attributes: { 'job.id': jobId, 'tenant.id': tenantId, ...(fence > 0 && { 'job.fence': fence }), ...attributes }, ok };
  const sent = fetch(collector.url, { method: 'POST', headers: collector.headers, body: JSON.stringify(toOtlp('front-desk', [span])), signal: AbortSignal.timeout(TRACE_EXPORT_TIMEOUT_MS), redirect: 'manual' });
  waitUntil(sent.then((response) => response.body?.cancel()).catch(() => undefined));
}

const randomId = (): string => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
