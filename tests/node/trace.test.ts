/** Traces: what is sent is what collectors take, everybody draws the same line between what is traced and what is not, and no collector is worth a slower worker. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TRACE_SPANS_HELD_MAX, TRACE_SPANS_PER_EXPORT } from '#contract/limits';
import { claimSpan, collectorOf, isTraced, startSpan, toOtlp, traceOfJob } from '#contract/trace';
import { openTracer, type Happened } from '#fly-worker/tracing';
import { ExportBody, openCollector } from '../collector.ts';

const lease = { tenantId: 't', jobId: '0190c5a2-7e1b-4c3d-9f00-aabbccddeeff', fence: 7 };
const chunk = (n: number): Happened => ({ name: 'chunk', kind: 'internal', beganMs: 1_700_000_001_000 + n, endedMs: 1_700_000_001_002 + n, ok: true, attributes: { 'records.met': n, 'part': 0.5 } });

describe('ids', () => {
  it('follow from job and fence, and are as W3C wants them', () => {
    expect(traceOfJob(lease.jobId)).toBe('0190c5a27e1b4c3d9f00aabbccddeeff');
    expect([startSpan(lease.jobId), claimSpan(lease.jobId, 7), claimSpan(lease.jobId, 8)]).toEqual(['0190c5a27e1b4c3d', '00000007ccddeeff', '00000008ccddeeff']);
  });

  it('draw one line for everybody, about where it was wished', () => {
    const traces = Array.from({ length: 2_000 }, () => traceOfJob(crypto.randomUUID()));
    expect([traces.filter((t) => isTraced(t, 1)).length, traces.filter((t) => isTraced(t, 0)).length]).toEqual([2_000, 0]);
    const some = traces.filter((t) => isTraced(t, 0.25)).length;
    expect(some).toBeGreaterThan(350);
    expect(some).toBeLessThan(650);
  });
});

describe('settings', () => {
  it('without an address mean no tracer at all', () => {
    for (const env of [{}, { OTEL_TRACES_SAMPLER_ARG: '1' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'no address' }]) expect(openTracer(collectorOf(env))).toBeNull();
  });
  it('are OpenTelemetry\'s own', () => {
    expect(collectorOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, x-team=c=d,%zz', OTEL_TRACES_SAMPLER_ARG: '0.1' }))
      .toEqual({ url: 'https://collector.example/otlp/v1/traces', headers: { 'x-key': 'a b', 'x-team': 'c=d', 'content-type': 'application/json' }, ratio: 0.1 });
  });
});

describe('a worker\'s spans', () => {
  const servers: Server[] = [];
  afterEach(() => { for (const server of servers.splice(0)) { server.close(); server.closeAllConnections(); } });

  it('come to the collector, under the claim, with what was measured and nothing else', async () => {
    const collector = await openCollector(), tracer = openTracer(collectorOf({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }))!;
    for (let n = 0; n < TRACE_SPANS_PER_EXPORT + 1; n += 1) tracer.happened(lease, chunk(n));
    await tracer.close();
    const spans = collector.spansOf(lease.jobId);
    expect([spans.length, new Set(spans.map((s) => s.spanId)).size, tracer.dropped]).toEqual([TRACE_SPANS_PER_EXPORT + 1, TRACE_SPANS_PER_EXPORT + 1, 0]);
    expect(spans[0]).toMatchObject({ parentSpanId: claimSpan(lease.jobId, 7), startTimeUnixNano: '1700000001000000000', attributes: { 'job.id': lease.jobId, 'tenant.id': 't', 'job.fence': 7, 'records.met': 0, 'part': 0.5 } });
    await collector.close();
  });

  it('are dropped, and the work goes on, when a collector is away, refuses, or never answers', async () => {
    const hanging = createServer(() => undefined), refusing = createServer((_, response) => response.writeHead(503).end());
    for (const server of [hanging, refusing]) { servers.push(server); await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); }); }
    const at = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const url of [at(refusing), 'http://127.0.0.1:1']) {
      const tracer = openTracer(collectorOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url }))!;
      tracer.happened(lease, chunk(1));
      await tracer.close();
      expect(tracer.dropped).toBe(1);
    }
    const stuck = openTracer(collectorOf({ OTEL_EXPORTER_OTLP_ENDPOINT: at(hanging) }))!, most = TRACE_SPANS_HELD_MAX + TRACE_SPANS_PER_EXPORT;
    for (let n = 0; n < most + 50; n += 1) stuck.happened(lease, chunk(n));
    expect(stuck.dropped, 'what is held has an end').toBe(50);
  });
});

it('a request without spans is one that a collector takes, too', () => { expect(ExportBody.parse(toOtlp('worker', []))).toMatchObject({ resourceSpans: [{ resource: { attributes: { 'service.name': 'worker' } } }] }); });
