/**
 * `npm run deploy`: looks at everything that can be looked at without an account, then puts the release out: migrations, Worker, machines.
 * `-- --dry-run` stops after looking. `-- --new` prints a settings file to fill in. `-- --settings FILE` (production.env) names it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { migrate } from '#migrations/migrate';
import { readFlyToml } from './fly-toml.ts';
import { copiedBy, faultsOfDockerfile, faultsOfImage, needsOf } from './image.ts';
import { faultsOfList, readsOf } from './reads.ts';
import { rehearse } from './rehearsal.ts';
import { faultsOf, newFile, parseFile, partOf, settings } from './settings.ts';
import { bindingsOf, faultsOfBundle, sizeOf } from './worker-bundle.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const { values: options } = parseArgs({ options: { 'dry-run': { type: 'boolean' }, new: { type: 'boolean' }, settings: { type: 'string', default: 'production.env' } } });
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const PACKAGE = z.object({ dependencies: z.record(z.string(), z.string()) });
/** What a machine's program begins with; its threads are named by the files that start them. */
const MACHINE_ENTRIES = ['fly-worker/main.ts'];

/** What a program said, on both channels. Throws with it when it ended badly. Secrets go in by `input`, never as arguments. */
function run(command: string, args: string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', input, env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }, maxBuffer: 64 << 20 });
  if (error) throw new Error(`${command} cannot be started (${error.message}). Install it and try again.`);
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return `${stdout}\n${stderr}`;
}
const wrangler = (args: string[]): string => run(process.execPath, [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), ...args]);

/** For as long as `work` takes, in a folder that only we can read. */
function inFolder<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'deploy-'));
  try { return work(dir); } finally { rmSync(dir, { recursive: true, force: true }); }
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join('\n  '));
}

function bundle(): string {
  run(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'web/vite.config.ts', '--logLevel', 'error']);
  const size = sizeOf(inFolder((dir) => wrangler(['deploy', '--dry-run', '--outdir', dir])));
  refuse(faultsOfBundle(size));
  return `${size.kib} KiB, ${size.gzipKib} KiB zipped`;
}

const checks: [string, () => string | Promise<string>][] = [
  ['fly.toml keeps to its documented shape', () => { const fly = readFlyToml(text('fly.toml')); return `${fly.app} in ${fly.primary_region}`; }],
  ['the image has what its program needs', () => {
    const dockerfile = text('Dockerfile'), needs = needsOf(ROOT, MACHINE_ENTRIES);
    refuse([...faultsOfDockerfile(dockerfile), ...faultsOfImage(needs, [...copiedBy(dockerfile), 'node_modules'], PACKAGE.parse(JSON.parse(text('package.json'))).dependencies)]);
    return `${needs.files.size} files, ${needs.packages.size} packages`;
  }],
  ['every secret and variable that is read is listed, and no other', () => { refuse(faultsOfList(settings, readsOf(ROOT, bindingsOf(parse(text('wrangler.toml')))))); return `${settings.length} listed`; }],
  ['the migrations apply to an empty and to a filled database, twice', async () => { const { migrations, rowsKept, tables } = await rehearse(); return `${migrations} files, ${tables} tables, ${rowsKept} rows kept`; }],
  ['the Worker bundles', bundle],
  [`the settings in ${options.settings} are complete`, () => {
    if (!existsSync(resolve(options.settings))) { if (options['dry-run']) return 'not looked at: there is no such file yet'; throw new Error(`There is no ${options.settings}. Make it: npm run --silent deploy -- --new > ${options.settings}`); }
    const values = parseFile(readFileSync(resolve(options.settings), 'utf8'));
    refuse(faultsOf(values));
    return `${values.size} of them`;
  }],
];

/** In this order: the new schema serves the old code, so nothing is down in between. */
async function putOut(): Promise<void> {
  const values = parseFile(readFileSync(resolve(options.settings), 'utf8')), { DATABASE_URL } = process.env;
  if (!DATABASE_URL) throw new Error('Set DATABASE_URL to the database\'s address with its owner; it is used for the migrations and kept nowhere.');
  const passwordOf = (name: string): string => new URL(values.get(name)!).password;
  const applied = await migrate({ url: DATABASE_URL, appPassword: passwordOf('APP_DATABASE_URL'), authPassword: passwordOf('AUTH_DATABASE_URL') });
  console.log(`Migrations: ${applied.join(', ') || 'none were due'}.`);
  // Code and secrets become true together.
  inFolder((dir) => {
    const file = join(dir, 'secrets.json');
    writeFileSync(file, JSON.stringify(partOf(values, 'edge')), { mode: 0o600 });
    wrangler(['deploy', '--secrets-file', file]);
  });
  console.log('The Worker is out.');
  run('fly', ['secrets', 'import', '--stage'], Object.entries(partOf(values, 'machine')).map(([name, value]) => `${name}=${value}\n`).join(''));
  run('fly', ['deploy', '--remote-only']);
  const response = await fetch(`${values.get('APP_URL')}/readyz`);
  console.log(`The machines are out. ${values.get('APP_URL')}/readyz answers ${response.status}.`);
}

if (options.new) process.stdout.write(newFile());
else {
  let failed = 0;
  for (const [what, look] of checks) {
    try {
      console.log(`ok    ${what}: ${await look()}`);
    } catch (error) {
      failed += 1;
      console.log(`FAULT ${what}:\n  ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failed > 0) { console.log(`${failed} of ${checks.length} are not in order; nothing was put out.`); process.exitCode = 1; }
  else if (!options['dry-run']) await putOut();
}
