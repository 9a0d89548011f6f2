/**
 * A job as one trace, from the request that started it to its last chunk. The trace's id is the job's, the first span's and a claim's follow from job and
 * fence: whoever knows the job (a queue message, its row, a lease) knows where in the trace he stands, so nothing has to be carried along and nothing can get
 * lost with a message or a killed worker. https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { z } from 'zod';

/** `parent` null: the first. Times in milliseconds since the epoch. Attributes are names, numbers and outcomes: never content, addresses or keys. */
export interface Span {
  traceId: string; spanId: string; parent: string | null;
  name: 'start' | 'bell' | 'claim' | 'page' | 'chunk' | 'release';
  kind: 'internal' | 'server' | 'consumer' | 'client';
  beganMs: number; endedMs: number;
  attributes: Record<string, string | number | boolean>;
  ok: boolean;
}

/** A job's id is a UUID: 32 hexadecimal digits, as a trace's. */
export const traceOfJob = (jobId: string): string => jobId.replaceAll('-', '').toLowerCase();
/** The request that started the job. */
export const startSpan = (jobId: string): string => traceOfJob(jobId).slice(0, 16);
/** The claim that brought this fence. */
export const claimSpan = (jobId: string, fence: number): string => fence.toString(16).padStart(8, '0').slice(-8) + traceOfJob(jobId).slice(24);

/** The same part of all jobs is traced by everybody who meets them. `ratio`: 0 to 1. */
export const isTraced = (traceId: string, ratio: number): boolean => Number.parseInt(traceId.slice(16, 24), 16) % 2 ** 24 < ratio * 2 ** 24;

/** OpenTelemetry's own names. https://opentelemetry.io/docs/specs/otel/protocol/exporter/, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const TraceSettings = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** `name=value,name=value`, values percent-encoded. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
});
/** Where spans go, with which headers, and of how many jobs. */
export interface Collector { url: string; headers: Record<string, string>; ratio: number }

/** Null: nobody wants traces, or the settings name no address. */
export function collectorOf(env: { [Name in keyof z.input<typeof TraceSettings>]?: unknown }): Collector | null {
  const settings = TraceSettings.safeParse(env).data;
  if (!settings?.OTEL_EXPORTER_OTLP_ENDPOINT) return null;
  const headers = Object.fromEntries((settings.OTEL_EXPORTER_OTLP_HEADERS ?? '').split(',').filter((pair) => pair.includes('=')).map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), decoded(pair.slice(pair.indexOf('=') + 1).trim())]));
  return { url: `${settings.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`, headers: { ...headers, 'content-type': 'application/json' }, ratio: settings.OTEL_TRACES_SAMPLER_ARG };
}
function decoded(text: string): string {
  try { return decodeURIComponent(text); } catch { return text; }
}

const KINDS = { internal: 1, server: 2, client: 3, consumer: 5 } as const;
const valueOf = (value: string | number | boolean): object => (typeof value === 'string' ? { stringValue: value } : typeof value === 'boolean' ? { boolValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value });
const attributesOf = (all: Span['attributes']): object[] => Object.entries(all).map(([key, value]) => ({ key, value: valueOf(value) }));
const nanos = (ms: number): string => `${Math.trunc(ms)}000000`;

/** The body of one export. `service`: who says so. https://github.com/open-telemetry/opentelemetry-proto/blob/main/examples/trace.json */
export const toOtlp = (service: string, spans: readonly Span[]): object => ({
  resourceSpans: [{
    resource: { attributes: attributesOf({ 'service.name': service, 'service.namespace': 'historical-sync' }) },
    scopeSpans: [{
      scope: { name: 'historical-sync' },
      spans: spans.map(({ traceId, spanId, parent, name, kind, beganMs, endedMs, attributes, ok }) => ({
        traceId, spanId, ...(parent !== null && { parentSpanId: parent }), name, kind: KINDS[kind], startTimeUnixNano: nanos(beganMs), endTimeUnixNano: nanos(Math.max(beganMs, endedMs)),
        attributes: attributesOf(attributes), status: { code: ok ? 1 : 2 },
      })),
    }],
  }],
});
