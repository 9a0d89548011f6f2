/**
 * The worker machine's first process: a small supervisor. It runs the working process, knows which leases that one holds, and when it dies
 * hands them back at once and starts it anew. So a crash costs a second; only the death of the machine waits for the lease.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { MALLOC_ARENAS, SHUTDOWN_MS } from '#contract/limits';
import { log, readConfig } from './config.ts';
import { openDoor, type Claim } from './door.ts';

/** What the working process tells us. */
export type Notice = { type: 'ready' } | { type: 'draining' } | { type: 'lease'; jobId: string; claim: Pick<Claim, 'token' | 'job'> | null };

/** A process that never got ready would not the next time either: wait longer each time. One that worked starts again at once. */
const RESTART_FIRST_MS = 200, RESTART_MAX_MS = 10_000;

const config = readConfig(process.env);
const door = openDoor({ apiUrl: config.API_URL, secret: config.WORKER_SECRET, workerId: 'supervisor' });
const leases = new Map<string, Pick<Claim, 'token' | 'job'>>();
let child: ChildProcess | null = null, stopping = false, draining = false, falseStarts = 0;

function start(): void {
  let ready = false;
  child = fork(new URL('./worker.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { MALLOC_ARENA_MAX: String(MALLOC_ARENAS), ...process.env, ...(draining && { WORKER_DRAINING: '1' }) } });
  child.on('message', (notice: Notice) => {
    if (notice.type === 'ready') ready = true;
    // The fleet was promised that this machine takes no job any more: that outlives the process.
    else if (notice.type === 'draining') draining = true;
    else if (notice.claim) leases.set(notice.jobId, notice.claim);
    else leases.delete(notice.jobId);
  });
  child.on('exit', (code, signal) => {
    child = null;
    if (stopping) return process.exit(0);
    log('worker_died', { code, signal, leases: leases.size });
    void handBack();
    falseStarts = ready ? 0 : falseStarts + 1;
    setTimeout(start, Math.min(RESTART_FIRST_MS * 2 ** falseStarts, RESTART_MAX_MS));
  });
}

/** The dead process cannot say it any more: its jobs may go on elsewhere. A refusal means that somebody was faster. */
async function handBack(): Promise<void> {
  const held = [...leases.values()];
  leases.clear();
  await Promise.all(held.map((claim) => door.release(claim, { kind: 'handed_back', crashed: true }).catch((error: unknown) => log('hand_back_failed', { job: claim.job.job_id, tenant: claim.job.tenant_id, error: String(error) }))));
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    if (!child) process.exit(0);
    child.kill('SIGTERM');
    setTimeout(() => { child?.kill('SIGKILL'); process.exit(0); }, SHUTDOWN_MS).unref();
  });
}
start();
