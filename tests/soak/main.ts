/** `npm run soak` (30 minutes; `-- 5` for five): a whole house at work. Once warm, memory, latency and files must stay as they are, every job completed and its books balanced. */
import { sql } from 'drizzle-orm';
import { LANCE_VERSIONS_KEPT_MS } from '#contract/limits';
import { openWholeHouse } from '../whole-house.ts';
import { openFollowers, soak, type Counts, type Courses } from './load.ts';
import { verdictOf, type Course } from './thirds.ts';

const MINUTES = Number(process.argv.slice(2).find((word) => /^[\d.]+$/.test(word)) ?? 30), FOLLOWERS = 4;

/**
 * What has a bound gets to it while things warm up, so that what grows afterwards is something else: semantic memory's cache (320 MB otherwise, half an hour of
 * this), and the texts of edited and deleted mails that it keeps (for an hour otherwise, thirty times as many as there are mails).
 */
const BOUNDS = { LANCEDB_CACHE_MB: '40', SWEEP_AFTER_MINUTES: '2' };
const house = await openWholeHouse({ workers: 2, env: { LEASE_SECONDS: '6', HEARTBEAT_SECONDS: '1', RING_AGAIN_SECONDS: '10', ...BOUNDS } });
const counts: Counts = { jobs: 0, backfills: 0, resumed: 0, searches: 0, failedSearches: 0, edits: 0, kills: 0 };
const courses: Courses = { worker: [], desk: [], deskProcess: [], deskFiles: [], search: [], searchInWorker: [], job: [], files: [], records: [], database: [] };
let good = false;
try {
  const followers = await openFollowers(house, FOLLOWERS), beganAt = Date.now(), wholeMs = MINUTES * 60_000;
  const telling = setInterval(() => console.log(`${Math.round((Date.now() - beganAt) / 1000)} s: ${JSON.stringify(counts)}`), Math.min(60_000, wholeMs / 5));
  await soak(house, followers, beganAt + wholeMs, counts, courses).finally(() => clearInterval(telling));

  const watched: Course[] = [
    { name: 'memory of the worker that is spared', unit: 'MB', how: 'typical', samples: courses.worker, part: 0.05, slack: 20 },
    { name: 'held by the front desk (heap, collected)', unit: 'MB', how: 'typical', samples: courses.desk, part: 0.05, slack: 2 },
    // Known where there is /proc.
    ...courses.deskFiles.length > 0 ? [{ name: 'open files of the front desk', unit: '', how: 'typical', samples: courses.deskFiles, part: 0.1, slack: 20 } satisfies Course] : [],
    { name: 'a search, p95', unit: 'ms', how: 'p95', samples: courses.search, part: 0.3, slack: 60 }, { name: 'of it in the worker, p95', unit: 'ms', how: 'p95', samples: courses.searchInWorker, part: 0.3, slack: 60 },
    { name: 'a sync of changes, median', unit: 'ms', how: 'typical', samples: courses.job, part: 0.3, slack: 400 },
    { name: 'files of semantic memory', unit: '', how: 'typical', samples: courses.files, part: 0.15, slack: 60, settlesMs: LANCE_VERSIONS_KEPT_MS + 60_000 }, { name: 'records', unit: '', how: 'typical', samples: courses.records, part: 0.05, slack: 20 },
    { name: 'the database', unit: 'MB', how: 'typical', samples: courses.database, part: 0.25, slack: 20 },
  ];
  const verdicts = watched.map((course) => verdictOf(course, wholeMs));
  console.log(`\n${MINUTES} minutes: ${counts.jobs} jobs (${counts.backfills} backfills), ${counts.kills} kills, ${counts.resumed} resumed by hand, ${counts.searches} searches (${counts.failedSearches} while a worker was dying), ${counts.edits} changes\n`);
  console.log('| | first third | second | last | |\n|---|---|---|---|---|');
  for (const { name, unit, thirds, flat } of verdicts) console.log(`| ${name} | ${thirds.map((value) => `${Math.round(value)} ${unit}`.trim()).join(' | ')} | ${flat === null ? 'too short to say' : flat ? 'flat' : 'GROWS'} |`);
  const [, , deskMost] = verdictOf({ name: '', unit: '', how: 'most', samples: courses.deskProcess, part: 0, slack: 0 }, wholeMs).thirds, [, , workerMost] = verdictOf({ name: '', unit: '', how: 'most', samples: courses.worker, part: 0, slack: 0 }, wholeMs).thirds;
  console.log(`\nAt most, in the last third: worker ${Math.round(workerMost)} MB, workerd ${Math.round(deskMost)} MB (no measure of ours: see desk.ts).`);
  const [twice] = await house.owner.system([sql`select count(*)::int as n from (select 1 from records group by tenant_id, connection_id, stream, provider_id having count(*) > 1) d`]);
  good = verdicts.every(({ flat }) => flat !== false) && twice![0]!.n === 0;
  console.log(`\nRecords held twice: ${twice![0]!.n}. ${good ? 'Flat.' : 'NOT FLAT.'}`);
} finally {
  await house.end();
}
process.exit(good ? 0 : 1);
