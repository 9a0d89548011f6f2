/** A stand-in for an OpenTelemetry collector: takes OTLP over HTTP as JSON and shows what came. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { traceOfJob } from '#contract/trace';

const Value = z.object({ stringValue: z.string().optional(), intValue: z.string().optional(), doubleValue: z.number().optional(), boolValue: z.boolean().optional() }).transform((v) => v.stringValue ?? (v.intValue === undefined ? v.doubleValue ?? v.boolValue : Number(v.intValue)));
const Attributes = z.array(z.object({ key: z.string(), value: Value })).transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value])));
const Nanos = z.string().regex(/^\d{18,20}$/);
const SpanSeen = z.object({ traceId: z.string().regex(/^[0-9a-f]{32}$/), spanId: z.string().regex(/^[0-9a-f]{16}$/), parentSpanId: z.string().regex(/^[0-9a-f]{16}$/).optional(), name: z.string(), kind: z.int().min(1).max(5), startTimeUnixNano: Nanos, endTimeUnixNano: Nanos, attributes: Attributes, status: z.object({ code: z.int() }) });
/** What a collector must be sent. */
export const ExportBody = z.object({ resourceSpans: z.array(z.object({ resource: z.object({ attributes: Attributes }), scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(SpanSeen) })) })) });
export type Seen = z.infer<typeof SpanSeen>;

export interface Collector { url: string; spansOf(jobId: string): Seen[]; /** Everything that came, as it came. */ text(): string; close(): Promise<void> }

export async function openCollector(): Promise<Collector> {
  const bodies: string[] = [], spans: Seen[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8'), sent = ExportBody.safeParse(request.url === '/v1/traces' ? JSON.parse(body) : null);
    bodies.push(body);
    if (sent.success) spans.push(...sent.data.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)));
    response.writeHead(sent.success ? 200 : 400, { 'content-type': 'application/json' }).end(sent.success ? '{}' : JSON.stringify({ message: sent.error.message }));
  });
  await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spansOf: (jobId) => spans.filter((span) => span.traceId === traceOfJob(jobId)),
    text: () => bodies.join('\n'),
    close: () => new Promise((closed) => { server.close(() => closed()); server.closeAllConnections(); }),
  };
}
