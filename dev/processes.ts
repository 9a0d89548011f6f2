/** The house's child processes: each in a group of its own, written down, so that a start after a kill -9 finds and ends what was left over. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TERM_MS = 8_000;
const folder = (dir: string): string => join(dir, 'processes');

export interface Kept { child: ChildProcess; /** Asks the whole group to end, then insists. */ end(by?: 'SIGTERM' | 'SIGKILL'): Promise<void> }

/** Starts a process as the leader of its own group. `mark`: words of its command line that tell it from a stranger with the same pid. */
export function startKept(dir: string, mark: string, args: string[], options: SpawnOptions): Kept {
  const child = spawn(process.execPath, args, { ...options, detached: true });
  const file = join(folder(dir), String(child.pid));
  mkdirSync(folder(dir), { recursive: true });
  writeFileSync(file, mark);
  const gone = new Promise<void>((resolve) => child.once('exit', () => { rmSync(file, { force: true }); resolve(); }));
  return {
    child,
    async end(by = 'SIGTERM') {
      if (child.pid === undefined) return;
      signal(child.pid, by);
      const hard = setTimeout(() => signal(child.pid!, 'SIGKILL'), TERM_MS);
      await gone;
      clearTimeout(hard);
      signal(child.pid, 'SIGKILL');                 // whatever of the group outlived its leader
    },
  };
}

/** The pid of the living process that keeps its data in this folder, if it is not us. */
export function ownerOf(dir: string): number | null {
  const file = join(dir, 'pid'), pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 && pid !== process.pid && isNode(pid) ? pid : null;
}

/** From now on the folder is ours. Ends what a killed owner left behind; answers how many groups that were. */
export async function takeOver(dir: string): Promise<number> {
  writeFileSync(join(dir, 'pid'), String(process.pid));
  if (!existsSync(folder(dir))) return 0;
  let ended = 0;
  for (const name of readdirSync(folder(dir))) {
    const pid = Number(name), mark = readFileSync(join(folder(dir), name), 'utf8');
    if (groupOf(pid).some((command) => command.includes(mark))) {
      signal(pid, 'SIGKILL');
      ended++;
      // Its ports are free only when it is gone.
      for (let look = 0; look < 250 && groupOf(pid).length > 0; look++) await new Promise((done) => setTimeout(done, 20));
    }
    rmSync(join(folder(dir), name), { force: true });
  }
  return ended;
}

/** Command lines of the processes in this group. Linux only; elsewhere nothing is found and nothing is killed. */
function groupOf(group: number): string[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc').filter((p) => /^\d+$/.test(p)).flatMap((p) => {
    try {
      const stat = readFileSync(`/proc/${p}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[2]) === group ? [readFileSync(`/proc/${p}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
    } catch {
      return [];
    }
  });
}

/** Is this pid a Node process? A pid that was given to something else since is not the owner. */
function isNode(pid: number): boolean {
  try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('node'); } catch { return false; }
}

function signal(group: number, name: NodeJS.Signals): void {
  try { process.kill(-group, name); } catch { /* gone already */ }
}
