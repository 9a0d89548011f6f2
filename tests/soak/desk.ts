/**
 * The front desk as a soak sees it. What the Worker holds is asked of workerd's inspector, after a collection: that is ours, and must be flat. The whole process
 * is no measure: workerd collects late and keeps what it once held, so that a Worker of one line grows from 112 to 435 MB within 30,000 requests; and the process
 * that listens at the Worker's address is wrangler's own proxy, which production has not. Objects and sockets that nobody lets go show as open files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const Targets = z.array(z.object({ webSocketDebuggerUrl: z.url() }));
const HeapUsage = z.object({ id: z.literal(2), result: z.object({ usedSize: z.number() }) });
const PATIENCE_MS = 20_000;
const MB = 2 ** 20;

/** MB of the Worker's heap (all its objects are in it), garbage collected. Null: no answer in time. https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/ */
export async function heldByDesk(inspectorUrl: string): Promise<number | null> {
  const [target] = await fetch(`${inspectorUrl}/json`, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(async (response) => Targets.parse(await response.json()), () => []);
  if (!target) return null;
  // wrangler's inspector speaks to pages of this machine only, and to them if they say so.
  const socket = new WebSocket(target.webSocketDebuggerUrl, { headers: { origin: 'http://localhost' } } as unknown as string[]);
  try {
    return await new Promise<number | null>((resolve) => {
      const giveUp = setTimeout(() => resolve(null), PATIENCE_MS), done = (value: number | null): void => { clearTimeout(giveUp); resolve(value); };
      socket.onopen = () => { for (const [i, method] of ['HeapProfiler.collectGarbage', 'Runtime.getHeapUsage'].entries()) socket.send(JSON.stringify({ id: i + 1, method })); };
      socket.onmessage = ({ data }) => {
        const usage = HeapUsage.safeParse(JSON.parse(String(data)));
        if (usage.success) done(usage.data.result.usedSize / MB);
      };
      socket.onerror = () => done(null);
    });
  } finally {
    socket.close();
  }
}

interface DeskProcess { /** Resident, MB. */ memory: number; /** Files and sockets. */ open: number }

/** The process in which the Worker runs: the other child of whoever started the one that listens at this port. Null: not to be found (no /proc, or it just ended). */
export function deskProcess(port: string): DeskProcess | null {
  try {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => ({ pid, command: read(pid, 'cmdline') })).filter(({ command }) => /workerd\0serve/.test(command)).map((one) => ({ ...one, parent: /PPid:\s+(\d+)/.exec(read(one.pid, 'status'))?.[1] }));
    const proxy = all.find(({ command }) => command.includes(`:${port}\0`)), desk = all.find(({ pid, parent }) => proxy && pid !== proxy.pid && parent === proxy.parent);
    const kb = desk && /VmRSS:\s+(\d+) kB/.exec(read(desk.pid, 'status'))?.[1];
    return kb ? { memory: Number(kb) / 1024, open: readdirSync(`/proc/${desk.pid}/fd`).length } : null;
  } catch { return null; }
}
function read(pid: string, file: string): string {
  try { return readFileSync(`/proc/${pid}/${file}`, 'utf8'); } catch { return ''; }
}
