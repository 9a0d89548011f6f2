/** A whole house for tests and benchmarks: started in a folder of its own, with a hand on its sandbox and an ear on its workers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHouse, type House } from '#dev/house';
import { freePorts } from '#dev/ports';
import { addTenant } from '#dev/seed';
import { openClient, type Client } from './client.ts';

/** What the workers said, newest last. */
interface LogLine { at: number; machine: string; event: string; job?: string; worker?: string; outcome?: string; busy?: number; fence?: number }
interface Holder { machine: string; supervisor: number; worker: number }
/** One request that the sandbox answered for an account. */
export interface Request { at: string; account: string | null; method: string; path: string; status: number; ms: number }

export interface WholeHouse extends House {
  readonly dir: string;
  /** Where workerd's inspector answers. */
  readonly inspectorUrl: string;
  /** What the sandbox's back room changes (dev/sandbox/admin.ts). */
  sandbox: {
    ask<T = unknown>(method: string, path: string, body?: object): Promise<T>;
    settings(settings: { latencyMs?: number; concurrency?: number }): Promise<void>;
    addAccount(address: string, mailbox: { mails: number; events: number; seed: number; months?: number }): Promise<void>;
    /** Calls of the provider's API for this account so far, sign-in left out. */
    requests(account: string): Promise<Request[]>;
  };
  workerLog(): LogLine[];
  claims(jobId: string): LogLine[];
  /** Which process works on the job: the last that claimed it. */
  holder(jobId: string): Holder;
  /** A tenant of its own, so that limits and lists of others do not matter. Its id is the name. */
  newTenant(name: string): Promise<Client>;
  end(): Promise<void>;
}

/** `workers`: so many machines, always; left out, the fleet scales itself. */
export async function openWholeHouse({ workers, env = {} }: { workers?: number; env?: Record<string, string> }): Promise<WholeHouse> {
  const dir = mkdtempSync(join(tmpdir(), 'hsync-house-')), port = await freePorts(6), inspectorPort = port + 5;
  const house = await startHouse({ dir, port, inspectorPort, workers, restartMs: 200, env });
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await fetch(`${house.sandboxUrl}/admin/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body ? JSON.stringify(body) : null })).json() as Promise<T>;
  const workerLog = (): LogLine[] => readFileSync(join(dir, 'worker.log'), 'utf8').split('\n').filter((l) => l.includes('{')).map((l) => {
    const { at, ...facts } = JSON.parse(l.slice(l.indexOf('{'))) as Omit<LogLine, 'at' | 'machine'> & { at: string };
    return { ...facts, at: Date.parse(at), machine: l.slice(0, l.indexOf(' ')) };
  });
  const claims = (jobId: string): LogLine[] => workerLog().filter((l) => l.event === 'claimed' && l.job === jobId);
  return {
    ...house, dir, inspectorUrl: `http://127.0.0.1:${inspectorPort}`, workerLog, claims,
    sandbox: {
      ask,
      async settings(settings) { await ask('POST', 'settings', settings); },
      async addAccount(address, { months = 3, ...mailbox }) { await ask('POST', 'accounts', { address, name: address, months, ...mailbox }); },
      async requests(account) { return (await ask<Request[]>('GET', `requests?account=${encodeURIComponent(account)}`)).filter((r) => r.path.startsWith('/v1.0/me/')); },
    },
    holder(jobId) {
      const log = workerLog(), claim = log.findLast((l) => l.event === 'claimed' && l.job === jobId)!;
      const ready = log.findLast((l) => l.event === 'ready' && l.machine === claim.machine && l.at <= claim.at)!;
      return { machine: claim.machine, supervisor: house.fleet.machines().find((m) => m.id === claim.machine)!.pid!, worker: Number(ready.worker!.split('/')[1]) };
    },
    async newTenant(id) {
      const api_key = `hs_${id}-${crypto.randomUUID()}`;
      await addTenant(house.owner, { id, name: id, person: id, plan: 'team' }, { email: `${id}@house.example`, password: crypto.randomUUID(), api_key });
      return openClient(house.url, api_key);
    },
    async end() { await house.stop(); rmSync(dir, { recursive: true, force: true }); },
  };
}

/** A process that is gone already is as dead as was wished. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try { process.kill(pid, signal); } catch { /* gone */ }
}
