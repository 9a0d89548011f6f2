/** What `npm run deploy -- --dry-run` looks at, as far as it is a decision about values: shapes, lists, the image, the settings file. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readFlyToml } from '#dev/deploy/fly-toml';
import { copiedBy, faultsOfDockerfile, faultsOfImage, needsOf } from '#dev/deploy/image';
import { declaredIn, faultsOfList, readsOf } from '#dev/deploy/reads';
import { faultsOf, newFile, parseFile, partOf, settings } from '#dev/deploy/settings';
import { bindingsOf, faultsOfBundle, sizeOf } from '#dev/deploy/worker-bundle';
import { VISITOR_LIMIT_SECONDS } from '#contract/limits';

const ROOT = resolve(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8');
const fly = text('fly.toml'), dockerfile = text('Dockerfile');
const dependencies = (JSON.parse(text('package.json')) as { dependencies: Record<string, string> }).dependencies;

describe('fly.toml', () => {
  it('is as Fly documents it', () => { expect(readFlyToml(fly).http_service.checks[0]!.path).toBe('/healthz'); });

  it.each([
    ['a misspelt key', fly.replace('auto_stop_machines', 'auto_stop_machine'), /auto_stop_machine/],
    ['a kill timeout that Fly does not grant', fly.replace('"300s"', '"301s"'), /kill_timeout: Fly grants 300 s/],
    ['a process group that is not there', fly.replace('processes = ["worker"]', 'processes = ["web"]'), /no process group web/],
    ['a service at another port than the program', fly.replace('internal_port = 8080', 'internal_port = 8081'), /is not env.PORT/],
    ['a public port for the metrics', `${fly}\n[[metrics]]\nport = 8080\npath = "/metrics"\n`, /a port of their own/],
  ])('is not taken with %s', (_, changed, said) => { expect(() => readFlyToml(changed)).toThrow(said); });

  it('starts the same program as the image', () => {
    const { worker } = readFlyToml(fly).processes;
    expect(JSON.stringify(worker!.split(' '))).toBe(/^CMD (.*)$/m.exec(dockerfile)![1]!.replaceAll(', ', ','));
  });
});

describe('the image', () => {
  it('has every file and package that its program loads, and keeps our rules', () => {
    const needs = needsOf(ROOT, ['fly-worker/main.ts']);
    expect([...needs.files]).toEqual(expect.arrayContaining(['fly-worker/worker.ts', 'fly-worker/derive-worker.ts', 'fly-worker/graph/communities-worker.ts', 'contract/limits.ts']));
    expect([...needs.packages]).toContain('@lancedb/lancedb');
    expect([...faultsOfDockerfile(dockerfile), ...faultsOfImage(needs, copiedBy(dockerfile), dependencies)]).toEqual([]);
  });

  it('is refused as root, by a shell, with tools of development, or on another Node', () => {
    const worse = dockerfile.replace('USER node\n', '').replace(/CMD .*/, 'CMD node fly-worker/main.ts').replace(' --omit=dev', '').replaceAll('node:24-slim', 'node:22');
    expect(faultsOfDockerfile(worse)).toHaveLength(4);
  });

  it('is refused when a file or a package is missing in it', () => {
    expect(faultsOfImage({ files: new Set(['web/main.tsx']), packages: new Set(['vite']) }, copiedBy(dockerfile), dependencies)).toEqual(['web/main.tsx is not copied into the image', 'vite is imported and is no dependency of production']);
  });
});

describe('the list of secrets and variables', () => {
  const reads = readsOf(ROOT, bindingsOf(parse(text('wrangler.toml'))));

  it('names what the code reads, for the one who reads it, and nothing else', () => { expect(faultsOfList(settings, reads)).toEqual([]); });

  it('notices one that is read and not listed, and one that nobody reads', () => {
    const faults = faultsOfList(settings.filter(({ name }) => name !== 'AUTH_SECRET').concat({ name: 'OLD', readers: ['edge'], need: 'may', how: '' }), reads);
    expect(faults).toEqual(['AUTH_SECRET (edge) is read and not listed in dev/deploy/settings.ts', 'OLD (edge) is listed in dev/deploy/settings.ts and nobody reads it']);
  });

  it('reads declarations past comments, and says when their place is gone', () => {
    expect(declaredIn('const A = z.object({ /** B: no */ ONE: z.string(), TWO_2: x({ a: 1 }) });\nTHREE: 3', 'const A')).toEqual(['ONE', 'TWO_2']);
    expect(() => declaredIn('nothing', 'const A')).toThrow(/no "const A"/);
  });
});

describe('the settings file', () => {
  const filled = (): Map<string, string> => new Map([...parseFile(newFile()), ...Object.entries({
    APP_URL: 'https://sync.example', API_URL: 'https://sync.example', WORKER_URL: 'https://w.fly.dev', FLY_APP: 'w', FLY_API_TOKEN: 't', LANCEDB_URI: 's3://bucket/memory', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b',
    APP_DATABASE_URL: 'postgres://hsync_app:0123456789abcdef@x.neon.tech/db', AUTH_DATABASE_URL: 'postgres://hsync_auth:0123456789abcdef@x.neon.tech/db',
  })]);

  it('is made with everything of ours invented, and says what is left to fill in', () => {
    const values = parseFile(newFile());
    expect(values.get('AUTH_SECRET')).not.toBe(parseFile(newFile()).get('AUTH_SECRET'));
    expect(faultsOf(values)).toEqual(expect.arrayContaining([expect.stringMatching(/^APP_URL is missing/), expect.stringMatching(/^FLY_API_TOKEN is missing/)]));
    expect(faultsOf(values).join()).not.toMatch(/AUTH_SECRET|TOKEN_KEYS|WORKER_SECRET/);
    expect(faultsOf(filled())).toEqual([]);
  });

  it.each([
    ['APP_DATABASE_URL', 'postgres://owner:0123456789abcdef@x.neon.tech/db'], ['TOKEN_KEYS', 'k1:short'], ['LANCEDB_URI', '/data/lancedb'], ['WORKER_URL', 'http://w.fly.dev'], ['APP_URL', 'https://sync.example/'],
  ])('is refused with a wrong %s, without repeating it', (name, value) => {
    const faults = faultsOf(filled().set(name, value)).join('\n');
    expect(faults).toMatch(new RegExp(`^${name} has to be`));
    expect(faults).not.toContain(value);
  });

  it('is refused with what nobody reads in production', () => { expect(faultsOf(filled().set('ALLOW_LOOPBACK', '1'))).toEqual(['ALLOW_LOOPBACK is read by nobody in production.']); });

  it('gives each side its own: the sealing keys never reach a machine', () => {
    expect(partOf(filled(), 'machine')).not.toHaveProperty('TOKEN_KEYS');
    expect(partOf(filled(), 'machine')).toMatchObject({ API_URL: 'https://sync.example', LANCEDB_URI: 's3://bucket/memory' });
    expect(partOf(filled(), 'edge')).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
  });

  it('names the line that is none, and not what it says', () => {
    expect(() => parseFile('# fine\nA=1\nsecret stuff')).toThrow('Line 3 of the settings is not NAME=value.');
    expect(() => parseFile('A=1\nA=2')).toThrow('A stands in the settings twice.');
  });
});

describe('the Worker', () => {
  it('has its size off wrangler\'s own words, and a largest one', () => {
    const size = sizeOf('Total Upload: 4321.09 KiB / gzip: 812.34 KiB');
    expect([size, faultsOfBundle(size), faultsOfBundle({ kib: 50_000, gzipKib: 11_000 }).length]).toEqual([{ kib: 4321.09, gzipKib: 812.34 }, [], 1]);
    expect(() => sizeOf('nothing of the kind')).toThrow(/did not say/);
  });

  it('has dead letters for its queue, a migration for each of its objects\' classes, and logs', () => {
    const toml = parse(text('wrangler.toml')) as { queues: { producers: { queue: string }[]; consumers: { queue: string; dead_letter_queue?: string }[] }; migrations: { new_sqlite_classes: string[] }[]; durable_objects: { bindings: { class_name: string }[] }; observability: { enabled: boolean }; ratelimits: { simple: { period: number } }[] };
    for (const { queue } of toml.queues.producers) {
      const letters = toml.queues.consumers.find((one) => one.queue === queue)?.dead_letter_queue;
      expect(toml.queues.consumers.map((one) => one.queue)).toContain(letters);
    }
    expect(toml.migrations.flatMap((m) => m.new_sqlite_classes).toSorted()).toEqual(toml.durable_objects.bindings.map((b) => b.class_name).toSorted());
    expect([toml.observability.enabled, toml.ratelimits[0]!.simple.period]).toEqual([true, VISITOR_LIMIT_SECONDS]);
  });
});
