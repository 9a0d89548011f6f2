/**
 * Communities as they stand in Postgres: rebuilt as a whole, in the background, after a job has completed or when somebody finds them out of date.
 * Tied are those who take part in the same conversations (the fewer take part, the stronger) and those whom a relation joins.
 */
import { Worker } from 'node:worker_threads';
import { sql, type SQL } from 'drizzle-orm';
import { COMMUNITY_GATHERING_MAX, COMMUNITY_TIES_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { plain } from '../chunk.ts';
import type { Partition, Tie } from './communities.ts';

export interface CommunityBook {
  /** Rebuilds the tenant's communities; asked again while it is at it, it does so once more afterwards. Never throws. */
  rebuild(tenantId: string): Promise<void>;
  /** Waits for what is under way; begins nothing more. */
  close(): Promise<void>;
}

interface CommunityBookOptions { db: Database; log(event: string, facts: Record<string, string | number | boolean | null>): void }

export function openCommunityBook({ db, log }: CommunityBookOptions): CommunityBook {
  const waiting = new Map<string, Promise<void>>();
  let closed = false, last: Promise<void> = Promise.resolve();

  async function build(tenantId: string): Promise<void> {
    const began = Date.now();
    try {
      const { ties, isCut } = await readTies(db, tenantId);
      const partition = await partitionOf(ties);
      await write(db, tenantId, partition, isCut);
      log('communities_built', { tenant: tenantId, ties: ties.length, communities: partition.communities.length, took_ms: Date.now() - began });
    } catch (error) {
      log('communities_failed', { tenant: tenantId, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** One tenant after the other: they share one core with the jobs. Whoever asks before it begins is meant by it, too. */
  function rebuild(tenantId: string): Promise<void> {
    if (closed) return Promise.resolve();
    const coming = waiting.get(tenantId);
    if (coming) return coming;
    const turn = last.then(() => { waiting.delete(tenantId); return closed ? undefined : build(tenantId); });
    last = turn;
    waiting.set(tenantId, turn);
    return turn;
  }
  return { rebuild, async close() { closed = true; await last; } };
}

/** The strongest ties of a tenant, at most COMMUNITY_TIES_MAX. Threads and events are what ties, not whom. */
async function readTies(db: Database, tenantId: string): Promise<{ ties: Tie[]; isCut: boolean }> {
  const [rows] = await db.tenant(tenantId, [sql`
    with shown as (select e.id, e.edge_type, coalesce(s.root_id, e.source) as source, coalesce(t.root_id, e.target) as target
                     from graph_edges e left join node_merges s on s.tenant_id = e.tenant_id and s.id = e.source left join node_merges t on t.tenant_id = e.tenant_id and t.id = e.target
                    where e.tenant_id = ${tenantId}),
    present as (select distinct source as who, target as place from shown where edge_type in ('SENT', 'RECEIVED', 'ORGANIZED', 'ATTENDS', 'POSTED_IN')),
    gatherings as (select place, count(*) as people from present group by place having count(*) between 2 and ${COMMUNITY_GATHERING_MAX}),
    together as (select a.who as a, b.who as b, sum(1.0 / (g.people - 1)) as weight from gatherings g join present a on a.place = g.place join present b on b.place = g.place and b.who > a.who group by 1, 2),
    joined as (
      select least(s.source, s.target) as a, greatest(s.source, s.target) as b, 1 + ln(count(*)::numeric) as weight from shown s join evidence v on v.tenant_id = ${tenantId} and v.target_id = s.id
       where s.edge_type not in ('SENT', 'RECEIVED', 'ORGANIZED', 'ATTENDS', 'POSTED_IN', 'IN_THREAD') and s.source <> s.target group by 1, 2),
    ties as (select a, b, round(sum(weight), 4)::float8 as weight from (select * from together union all select * from joined) x group by a, b)
    select a::text as a, b::text as b, weight from ties
     where ${isShown(tenantId, sql`a`)} and ${isShown(tenantId, sql`b`)} order by weight desc, a, b limit ${COMMUNITY_TIES_MAX + 1}`]);
  const ties = (rows ?? []) as unknown as Tie[];
  return { ties: ties.slice(0, COMMUNITY_TIES_MAX), isCut: ties.length > COMMUNITY_TIES_MAX };
}
const isShown = (tenantId: string, id: SQL): SQL => sql`${id} in (select coalesce(m.root_id, n.id) from graph_nodes n left join node_merges m on m.tenant_id = n.tenant_id and m.id = n.id where n.tenant_id = ${tenantId})`;

function partitionOf(ties: Tie[]): Promise<Partition> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./communities-worker.ts', import.meta.url), { workerData: ties });
    thread.once('message', (partition: Partition) => resolve(partition));
    thread.once('error', (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))));
    thread.once('exit', (code) => reject(new Error(`The thread ended with ${code} and no answer.`)));
  });
}

/** The whole book anew. Two workers at once: one after the other, the last one stands. */
async function write(db: Database, tenantId: string, { communities, modularity }: Partition, isCut: boolean): Promise<void> {
  const members = communities.flatMap(({ id, members: list }, rank) => list.map((member) => ({ ...member, community: id, rank })));
  const columns = [plain(members.map((m) => m.id)), plain(members.map((m) => m.community)), plain(members.map((m) => String(m.rank))), plain(members.map((m) => String(m.weight)))];
  await db.tenant(tenantId, [
    sql`select pg_advisory_xact_lock(hashtextextended(${tenantId}, 3))`,
    sql`delete from graph_communities where tenant_id = ${tenantId}`,
    sql`insert into graph_communities (tenant_id, node_id, community_id, rank, weight)
        select ${tenantId}, x.node, x.community, x.rank, x.weight from unnest(${columns[0]!}::uuid[], ${columns[1]!}::uuid[], ${columns[2]!}::int[], ${columns[3]!}::float8[]) as x(node, community, rank, weight)`,
    sql`insert into community_builds (tenant_id, modularity, is_cut) values (${tenantId}, ${modularity}::float8, ${isCut}::boolean)
        on conflict (tenant_id) do update set modularity = excluded.modularity, is_cut = excluded.is_cut, built_at = now()`,
  ]);
}
