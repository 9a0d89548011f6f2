/** Every secret and variable that the Worker and the worker machines read, once, with how to get it. Production's are kept in one file; this makes it and checks it. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** `edge`: the Worker (worker-api, durable-objects). `machine`: the worker machines (fly-worker). */
export type Reader = 'edge' | 'machine';
/** `must`: nothing runs without it. `may`: there is a default, or something is off without it. `set`: by fly.toml, Fly or a supervisor. `local`: only where everything runs on one computer. */
type Need = 'must' | 'may' | 'set' | 'local';

export interface Setting {
  name: string;
  readers: readonly Reader[];
  need: Need;
  /** Where it comes from, in a sentence. */
  how: string;
  /** Ours to invent. */
  invent?: () => string;
}

const BOTH = ['edge', 'machine'] as const, EDGE = ['edge'] as const, MACHINE = ['machine'] as const;
const random = (): string => randomBytes(32).toString('base64url');
const clients = (provider: string, where: string): Setting[] => (['ID', 'SECRET'] as const).map((part) => ({ name: `${provider}_CLIENT_${part}`, readers: EDGE, need: 'may', how: `${where}; redirect address: APP_URL/oauth/<integration>/callback. Without it tenants bring their own.` }));
const address = (name: string, readers: readonly Reader[]): Setting => ({ name, readers, need: 'local', how: 'Another address than the provider\'s own.' });

export const settings: readonly Setting[] = [
  { name: 'APP_URL', readers: EDGE, need: 'must', how: 'Where people reach the Worker: https://, its workers.dev name or your domain, no slash at the end.' },
  { name: 'API_URL', readers: MACHINE, need: 'must', how: 'The same as APP_URL, for the machines.' },
  { name: 'WORKER_URL', readers: EDGE, need: 'must', how: 'Where the machines answer: https://<app of fly.toml>.fly.dev.' },
  { name: 'APP_DATABASE_URL', readers: BOTH, need: 'must', how: 'Neon\'s address of the database with user hsync_app and an invented password; `npm run deploy` gives the role this password.' },
  { name: 'AUTH_DATABASE_URL', readers: EDGE, need: 'must', how: 'The same with user hsync_auth and another password.' },
  { name: 'AUTH_SECRET', readers: EDGE, need: 'must', how: 'Invented. Signs session cookies: a new one signs everybody out.', invent: random },
  { name: 'TOKEN_KEYS', readers: EDGE, need: 'must', how: 'Invented: k1:<32 bytes in base64>. Seals tokens and keys: keep a copy; see `npm run rotate-keys`.', invent: () => `k1:${randomBytes(32).toString('base64')}` },
  { name: 'WORKER_SECRET', readers: BOTH, need: 'must', how: 'Invented. How Worker and machines know each other.', invent: random },
  { name: 'JOB_TOKEN_SECRET', readers: EDGE, need: 'must', how: 'Invented. Signs what a machine may do with its one job.', invent: random },
  { name: 'OPERATOR_SECRET', readers: EDGE, need: 'must', how: 'Invented. Signs your own commands, e.g. key rotation.', invent: random },
  { name: 'METRICS_TOKEN', readers: EDGE, need: 'may', how: 'Invented. Lets Prometheus collect the Worker\'s figures at APP_URL/internal/metrics.', invent: random },
  { name: 'FLY_APP', readers: EDGE, need: 'must', how: 'The app of fly.toml.' },
  { name: 'FLY_API_TOKEN', readers: EDGE, need: 'must', how: '`fly tokens create deploy --expiry 8760h`: lets the Worker start and stop machines of this app only.' },
  { name: 'LANCEDB_URI', readers: MACHINE, need: 'must', how: 's3://<bucket>/<prefix>: R2, Tigris (`fly storage create`) or S3.' },
  { name: 'AWS_ACCESS_KEY_ID', readers: MACHINE, need: 'must', how: 'Of a key for that bucket alone (R2: Manage API tokens, Object Read & Write).' },
  { name: 'AWS_SECRET_ACCESS_KEY', readers: MACHINE, need: 'must', how: 'The same key\'s secret.' },
  { name: 'AWS_ENDPOINT_URL_S3', readers: MACHINE, need: 'may', how: 'R2: https://<account>.r2.cloudflarestorage.com. Left out: AWS itself.' },
  { name: 'AWS_REGION', readers: MACHINE, need: 'may', how: 'R2 and Tigris: auto.' },
  ...clients('MICROSOFT', 'entra.microsoft.com, App registrations'), ...clients('GOOGLE', 'console.cloud.google.com, Credentials'), ...clients('SLACK', 'api.slack.com/apps'), ...clients('SALESFORCE', 'Setup, External Client Apps'),
  { name: 'SIGN_UP', readers: EDGE, need: 'may', how: '`open`: anybody may make an account. Else by invitation only.' },
  { name: 'OPENAI_BASE_URL', readers: EDGE, need: 'may', how: 'Where tenants\' model keys are used unless they name another address; OpenAI without it.' },
  { name: 'ARCHIVE_BYTES_MAX', readers: EDGE, need: 'may', how: 'Bytes of one uploaded file; contract/limits.ts without it.' },
  ...(['LEASE_SECONDS', 'HEARTBEAT_SECONDS', 'REAPER_STALE_MINUTES', 'RING_AGAIN_SECONDS'] as const).map((name): Setting => ({ name, readers: EDGE, need: 'may', how: 'How long a job waits for whom; contract/limits.ts without it.' })),
  ...(['SCALE_UP_QUEUE_DEPTH', 'SCALE_DOWN_IDLE_MINUTES', 'FLEET_MAX', 'FLEET_CHECK_SECONDS'] as const).map((name): Setting => ({ name, readers: EDGE, need: 'may', how: 'When machines come and go; contract/limits.ts without it.' })),
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', readers: BOTH, need: 'may', how: 'An OpenTelemetry collector (OTLP over HTTP, without /v1/traces): each job as one trace. Left out: no traces.' },
  { name: 'OTEL_EXPORTER_OTLP_HEADERS', readers: BOTH, need: 'may', how: 'name=value,name=value: the collector\'s key.' },
  { name: 'OTEL_TRACES_SAMPLER_ARG', readers: BOTH, need: 'may', how: '0 to 1: of how many jobs; all without it.' },
  { name: 'WORKER_SLOTS', readers: MACHINE, need: 'may', how: 'Jobs at once in one process; contract/limits.ts without it.' },
  { name: 'WORKER_MEMORY_MB', readers: MACHINE, need: 'may', how: 'A machine\'s memory, when it is not fly.toml\'s 2048.' },
  { name: 'LANCEDB_CACHE_MB', readers: MACHINE, need: 'may', how: 'Of it, what semantic memory keeps of what it has read; a sixth without it.' },
  { name: 'SWEEP_AFTER_MINUTES', readers: MACHINE, need: 'may', how: 'How old what no record names any more must be to be deleted; contract/limits-memory.ts without it.' },
  { name: 'PORT', readers: MACHINE, need: 'set', how: 'fly.toml.' },
  { name: 'METRICS_PORT', readers: MACHINE, need: 'set', how: 'fly.toml.' },
  { name: 'HOST', readers: MACHINE, need: 'local', how: 'The address to listen at; all of them without it.' },
  { name: 'LANCEDB_LOG', readers: MACHINE, need: 'set', how: 'fly.toml.' },
  { name: 'FLY_MACHINE_ID', readers: MACHINE, need: 'set', how: 'Fly.' },
  { name: 'WORKER_DRAINING', readers: MACHINE, need: 'set', how: 'The supervisor.' },
  { name: 'NEON_HTTP_URL', readers: BOTH, need: 'local', how: 'Neon\'s HTTP door when Postgres is not at Neon.' },
  { name: 'ALLOW_LOOPBACK', readers: EDGE, need: 'local', how: 'Lets a tenant\'s model be at this computer.' },
  { name: 'FLY_API_URL', readers: EDGE, need: 'local', how: 'Another Machines API.' },
  ...['MICROSOFT_LOGIN_URL', 'GOOGLE_OAUTH_URL', 'GOOGLE_TOKEN_URL'].map((name) => address(name, EDGE)),
  ...['MICROSOFT_GRAPH_URL', 'GMAIL_API_URL', 'GOOGLE_CALENDAR_API_URL', 'SLACK_URL', 'SALESFORCE_LOGIN_URL'].map((name) => address(name, BOTH)),
];

/** What you keep: everything that is not set by others or local. */
const kept = settings.filter(({ need }) => need === 'must' || need === 'may');

/** A file of all settings to be filled in; what is ours to invent is invented. */
export function newFile(): string {
  const lines = kept.map(({ name, need, how, invent }) => `# ${how}\n${need === 'may' ? '# ' : ''}${name}=${invent?.() ?? ''}\n`);
  return `# Production's secrets and settings. Never commit this file; keep a copy where you keep passwords.\n\n${lines.join('\n')}`;
}

/** NAME=value lines; a # begins a comment line. Throws on anything else, naming the line and never its text. */
export function parseFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`Line ${i + 1} of the settings is not NAME=value.`);
    if (values.has(name)) throw new Error(`${name} stands in the settings twice.`);
    values.set(name, value.trim());
  }
  return values;
}

const isHttps = (value: string): boolean => /^https:\/\/[^/]+$/.test(value);
const isUserOf = (role: string) => (value: string): boolean => { const url = z.url().safeParse(value).success ? new URL(value) : null; return url !== null && url.username === role && /^[A-Za-z0-9_-]{16,}$/.test(url.password); };
const shapes: Record<string, { fits(value: string): boolean; what: string }> = {
  APP_URL: { fits: isHttps, what: 'https:// and a host, nothing behind it' }, API_URL: { fits: isHttps, what: 'https:// and a host, nothing behind it' }, WORKER_URL: { fits: isHttps, what: 'https:// and a host, nothing behind it' },
  APP_DATABASE_URL: { fits: isUserOf('hsync_app'), what: 'postgres:// with user hsync_app and a password of at least 16 letters, digits, - or _' },
  AUTH_DATABASE_URL: { fits: isUserOf('hsync_auth'), what: 'postgres:// with user hsync_auth and a password of at least 16 letters, digits, - or _' },
  TOKEN_KEYS: { fits: (value) => value.split(',').every((key) => { const [, bytes] = /^\w+:([A-Za-z0-9+/]{43}=)$/.exec(key) ?? []; return bytes !== undefined; }), what: 'k1:<32 bytes in base64>, more of them behind commas' },
  LANCEDB_URI: { fits: (value) => /^(s3|gs):\/\/[^/]+/.test(value), what: 's3:// and a bucket: a machine\'s disk does not outlive it' },
};

/** What is wrong with production's settings, in sentences without values; empty when nothing is. */
export function faultsOf(values: ReadonlyMap<string, string>): string[] {
  const names = new Set(kept.map(({ name }) => name)), faults: string[] = [];
  for (const name of values.keys()) if (!names.has(name)) faults.push(`${name} is read by nobody in production.`);
  for (const { name, need, how } of kept) {
    const value = values.get(name);
    if (!value) { if (need === 'must') faults.push(`${name} is missing. ${how}`); continue; }
    const shape = shapes[name];
    if (shape && !shape.fits(value)) faults.push(`${name} has to be ${shape.what}.`);
  }
  if (values.get('API_URL') !== values.get('APP_URL')) faults.push('API_URL has to be APP_URL.');
  return faults;
}

/** One reader's part of them, as JSON objects and `fly secrets import` take them. */
export const partOf = (values: ReadonlyMap<string, string>, reader: Reader): Record<string, string> =>
  Object.fromEntries(kept.flatMap(({ name, readers }) => (readers.includes(reader) && values.get(name) ? [[name, values.get(name)!]] : [])));
