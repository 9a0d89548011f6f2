/** Looks at the jobs' rows twenty times a second, also while half of the house is down, and says how long after a disturbance each job was at work again. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const LOOK_MS = 50;

interface Row { id: string; status: string; reason: string | null; fence: number; chunks: number }
/** One job that a disturbance hit: it is at work again when a chunk more is committed under a fence no older than `minFence`, or when it has ended well. */
interface Sample { jobId: string; at: number; minFence: number; base: number | null }

export interface Observer {
  /** The rows as they were seen last. */
  jobs(): Row[];
  /** These jobs were hit just now. `newLease`: whoever held them is gone, so that only another lease counts. */
  hit(jobIds: string[], newLease: boolean, at: number): void;
  /** Milliseconds from each hit until the job was at work again. */
  recovered(): number[];
  /** Hits whose job has not come back yet. */
  open(): number;
  stop(): Promise<void>;
}

export function observe(superuserUrl: string, jobIds: string[]): Observer {
  let rows: Row[] = [], samples: Sample[] = [], stopped = false;
  const recovered: number[] = [];

  async function look(client: pg.Client): Promise<void> {
    const answer = await client.query<Row>('select id::text, status, reason, fence::int, chunks_completed as chunks from historical_sync_jobs where id = any($1::uuid[])', [jobIds]);
    rows = answer.rows;
    const now = Date.now();
    samples = samples.filter((sample) => {
      const row = rows.find((r) => r.id === sample.jobId)!;
      if (row.status === 'completed') { recovered.push(now - sample.at); return false; }
      if (row.fence < sample.minFence || row.status !== 'running') return true;
      sample.base ??= row.chunks;
      if (row.chunks === sample.base) return true;
      recovered.push(now - sample.at);
      return false;
    });
  }

  async function watch(): Promise<void> {
    while (!stopped) {
      const client = new pg.Client({ connectionString: superuserUrl, connectionTimeoutMillis: 2_000 });
      const broken = new Promise<void>((resolve) => { client.on('error', () => resolve()); });
      try {
        await client.connect();
        while (!stopped) { await Promise.race([look(client), broken.then(() => { throw new Error('gone'); })]); await pause(LOOK_MS); }
      } catch { await pause(LOOK_MS); /* it is down; look again */ }
      await client.end().catch(() => undefined);
    }
  }
  const watching = watch();
  return {
    jobs: () => rows,
    hit(ids, newLease, at) {
      // The end of a lease raises the fence by one, the next claim by one more.
      for (const row of rows) if (ids.includes(row.id) && row.status !== 'completed') samples.push({ jobId: row.id, at, minFence: newLease ? row.fence + 2 : row.fence, base: null });
    },
    recovered: () => recovered,
    open: () => samples.length,
    async stop() { stopped = true; await watching; },
  };
}
