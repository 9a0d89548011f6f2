/** The floor plan as a test: which packages a room may use, what may stand where, how big and how named. Doors between rooms are the tsconfig references. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectors } from '#fly-worker/connectors/index';

const ROOT = resolve(import.meta.dirname, '..');
const LINES_MAX = 400;
/** A connector's own test stays below. */
const OWN_TEST_LINES = 40;
const TOP_LEVEL = [
  'contract', 'migrations', 'durable-objects', 'worker-api', 'fly-worker', 'web', 'dev', 'tests',
  'wrangler.toml', 'fly.toml', 'package.json', 'package-lock.json', 'tsconfig.json', 'vitest.config.ts', 'README.md', 'ARCHITECTURE.md', 'Dockerfile', 'node_modules',
];

/** Rooms and the packages that may come in. A room inside another is listed too; the longest name that fits is the file's room. `*`: any. */
const packages: Record<string, string[]> = {
  'contract': ['zod'],
  'migrations': ['drizzle-orm', '@neondatabase/serverless'],
  'durable-objects': ['cloudflare:workers', 'drizzle-orm'],
  'worker-api': ['cloudflare:workers', '@cloudflare/workers-types', 'hono', 'zod', 'drizzle-orm', '@neondatabase/serverless', 'better-auth', 'jose', '@modelcontextprotocol/server', 'zod-openapi'],
  'fly-worker': ['node:*', 'zod', 'drizzle-orm', 'jose', '@lancedb/lancedb', 'apache-arrow', 'aws4fetch', 'openai', 'prom-client', 'html-to-text', 'email-reply-parser', 'graphology', 'graphology-communities-louvain'],
  'fly-worker/connectors': ['zod', 'postal-mime', 'ical.js', 'fflate'],
  'web': ['react', 'react-dom', 'radix-ui', 'zod', 'sigma', 'graphology', 'graphology-communities-louvain', 'graphology-layout-forceatlas2'],
  'dev': ['*'],
  'tests': ['*'],
};
/** Files that are tools of their room, not part of what runs in it. */
const alsoAllowed: Record<string, string[]> = { 'migrations/migrate.ts': ['node:*'], 'web/vite.config.ts': ['vite', '@vitejs/plugin-react', 'node:*'] };
/** Other rooms as the tsconfigs list them: the plan of DESIGN.md section 1. */
const doors: Record<string, string[]> = {
  'contract': [], 'migrations': ['contract'], 'durable-objects': ['contract', 'migrations'], 'fly-worker/connectors': ['contract'],
  'fly-worker': ['contract', 'migrations', 'fly-worker/connectors'], 'worker-api': ['contract', 'migrations', 'durable-objects', 'fly-worker/connectors'], 'web': ['contract'],
};

const IGNORED = /(^|\/)(node_modules|dist|\.build|\.wrangler)(\/|$)/;
const rooms = Object.keys(packages).toSorted((a, b) => b.length - a.length);
const roomOf = (file: string): string => rooms.find((room) => file.startsWith(`${room}/`)) ?? '';
const files = TOP_LEVEL.slice(0, 8).filter((room) => existsSync(join(ROOT, room)))
  .flatMap((room) => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((f) => join(room, f))).filter((f) => !IGNORED.test(f));
const code = files.filter((f) => /\.tsx?$/.test(f) && !f.endsWith('.d.ts'));

/** `names`: what is taken from there; `*` is everything. */
interface Import { specifier: string; isType: boolean; names: string[] }
interface Source { file: string; text: string; imports: Import[] }
const sources: Source[] = code.map((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const imports = [...text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:([^'";]*?)\sfrom\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm)]
    .map(([, type, what, specifier, late]) => ({ specifier: (specifier ?? late)!, isType: type !== undefined, names: late ? ['*'] : namesIn(what ?? '') }));
  return { file, text, imports };
});
/** Of `* as a`, `a, { type b, c as d }`: the names as they are over there. */
function namesIn(what: string): string[] {
  return what.includes('*') ? ['*'] : (/\{([^}]*)\}/.exec(what)?.[1] ?? '').split(',').map((one) => one.trim().replace(/^type\s+/, '').split(/\s+as\s+/)[0]!);
}
const packageOf = (s: string): string => (s.startsWith('node:') ? 'node:*' : s.startsWith('@') ? s.split('/').slice(0, 2).join('/') : s.includes(':') ? s : s.split('/')[0]!);
const isOurs = (s: string): boolean => s.startsWith('.') || s.startsWith('#');
/** The file an import of ours means. */
function target(file: string, specifier: string): string {
  if (specifier.startsWith('#')) return `${specifier.slice(1)}.ts`;
  return relative(ROOT, resolve(ROOT, dirname(file), specifier.replace(/\?[\w&]+$/, '')));
}

describe('the house', () => {
  it('has nothing at its top level but what the plan names', () => {
    expect(readdirSync(ROOT).filter((name) => !name.startsWith('.') && !TOP_LEVEL.includes(name))).toEqual([]);
  });

  it.each(Object.entries(doors))('%s has the doors of the plan', (room, expected) => {
    const { references } = JSON.parse(readFileSync(join(ROOT, room, 'tsconfig.json'), 'utf8')) as { references: { path: string }[] };
    expect(references.map(({ path }) => relative(ROOT, resolve(ROOT, room, path))).sort()).toEqual(expected.toSorted());
  });

  it('has no rooms, folders or files named for everything and nothing', () => {
    const vague = /^(src|lib|utils?|helpers?|common|shared|types|packages|misc|manager|service|handler)$|(^|-)(manager|service|handler|utils?|helpers?)$/i;
    expect(files.filter((f) => f.split('/').some((part) => vague.test(part.replace(/\.\w+$/, ''))))).toEqual([]);
  });

  it('has two levels of folders in a room at most', () => {
    expect(files.filter((f) => f.split('/').length > 4)).toEqual([]);
  });

  it('has a tape for every connector, and no tape without one', () => {
    const tapes = readdirSync(join(ROOT, 'tests/tapes')).filter((f) => f.endsWith('.json')).map((f) => basename(f, '.json'));
    expect(tapes.toSorted()).toEqual(connectors.map((c) => c.id).toSorted());
  });

  it('tells of a connector on its tape: a test named after one is short, and the suites that all of them pass name none', () => {
    const names = connectors.flatMap(({ id }) => [id, id.replaceAll('_', '-')]), linesOf = (file: string): string[] => readFileSync(join(ROOT, file), 'utf8').trimEnd().split('\n');
    const own = files.filter((f) => names.some((name) => basename(f) === `${name}.test.ts`));
    expect(own.filter((f) => linesOf(f).length >= OWN_TEST_LINES), `${OWN_TEST_LINES} lines and more: what it tells belongs on the tape, under "cases"`).toEqual([]);
    const suites = files.filter((f) => /^tests\/(?:connectors\.test|conformance[\w-]*|node\/every-sandbox\.test)\.ts$/.test(f));
    expect(suites.length).toBeGreaterThan(4);
    expect(suites.flatMap((f) => linesOf(f).filter((line) => names.some((name) => new RegExp(`\\b${name}\\b`, 'i').test(line))).map((line) => `${f}: ${line.trim()}`))).toEqual([]);
  });

  it('has no circle of imports', () => {
    const graph = new Map(sources.map(({ file, imports }) => [file, imports.filter((i) => isOurs(i.specifier) && !i.isType).map((i) => target(file, i.specifier))]));
    expect(circles(graph)).toEqual([]);
  });

  it('exports nothing that nobody takes', () => {
    const taken = new Map<string, Set<string>>();
    for (const { file, imports } of sources) for (const { specifier, names } of imports) {
      if (isOurs(specifier)) taken.set(target(file, specifier), new Set([...taken.get(target(file, specifier)) ?? [], ...names]));
    }
    const inFiles = new Map<string, number>();
    for (const { text } of sources) for (const word of new Set(text.match(/[\w$]+/g))) inFiles.set(word, (inFiles.get(word) ?? 0) + 1);
    // Tables are for drizzle and the test that holds them against Postgres; what is taken as a whole is taken if somebody says its name.
    const isTaken = (file: string, name: string): boolean => taken.get(file)?.has(name) || (taken.get(file)?.has('*') === true && (file.startsWith('migrations/schema') || inFiles.get(name)! > 1));
    const exported = /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) ([\w$]+)/gm;
    expect(sources.flatMap(({ file, text }) => [...text.matchAll(exported)].map((m) => m[1]!).filter((name) => !isTaken(file, name)).map((name) => `${file}: ${name}`))).toEqual([]);
  });
});

describe.each(sources.map((s) => [s.file, s] as const))('%s', (file, { text, imports }) => {
  const room = roomOf(file);
  it('keeps to the plan', () => {
    const lines = text.split('\n');
    expect(lines[0], 'the first line says what the file is for').toMatch(/^\/\*\*/);
    expect(lines.length, 'too long for one file').toBeLessThanOrEqual(LINES_MAX);
    expect([...text.matchAll(/^export (?:default )?(?:abstract )?(?:async )?(?:class|function|const) (\w*(?:Manager|Service|Handler|Utils?|Helpers?))\b/gm)].map((m) => m[1]), 'says nothing').toEqual([]);
    const allowed = new Set([...packages[room] ?? [], ...alsoAllowed[file] ?? []]);
    for (const { specifier } of imports) {
      if (!isOurs(specifier)) {
        if (!allowed.has('*')) expect([...allowed], `${file} imports ${specifier}`).toContain(packageOf(specifier));
        continue;
      }
      const other = target(file, specifier), top = file.split('/')[0];
      if (!/\?\w+$|\.css$/.test(specifier)) expect(existsSync(join(ROOT, other)), `${specifier} of ${file} exists`).toBe(true);
      // The page has no #name: Vite serves its files, and only tests look in.
      if (specifier.startsWith('.') && !(top === 'tests' && other.startsWith('web/'))) expect(other.split('/')[0], `${file} leaves its room by ${specifier}: write #room/file`).toBe(top);
      if (specifier.startsWith('#') && room !== 'tests') expect(roomOf(other), `${file} calls its own room by ${specifier}: write ./file`).not.toBe(room);
      if (other.startsWith('dev/')) expect(['dev', 'tests'], `${file} imports the workbench`).toContain(top);
      if (other.startsWith('tests/')) expect(top, `${file} imports a test`).toBe('tests');
      if (top === 'worker-api' && other.startsWith('fly-worker/')) expect(other, 'the desk knows connectors only').toMatch(/^fly-worker\/connectors\//);
    }
  });

  if (room === 'contract' || room === 'fly-worker/connectors') {
    it('is pure: no I/O, no clock, no randomness', () => {
      const spoken = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect([...spoken.matchAll(/\bfetch\s*\(|Date\.now|new Date\(\)|Math\.random|\bprocess\.|\bsetTimeout|\bsetInterval|crypto\.|performance\./g)].map((m) => m[0])).toEqual([]);
    });
  }
});

/** Every circle of files that import each other, once. */
function circles(graph: Map<string, string[]>): string[] {
  const found = new Set<string>(), done = new Set<string>(), path: string[] = [];
  const visit = (file: string): void => {
    const from = path.indexOf(file);
    if (from >= 0) { found.add([...path.slice(from), file].join(' -> ')); return; }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return [...found];
}
