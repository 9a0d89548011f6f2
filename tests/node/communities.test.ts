/** Communities and ranks: known graphs, the same answer in any order, and what stands in Postgres afterwards. */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCommunityBook } from '#fly-worker/graph/community-book';
import { findCommunities, type Tie } from '#fly-worker/graph/communities';
import { personalisedRank } from '#fly-worker/graph/rank';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { learn } from '../edge/learn.ts';

/** Zachary's karate club (1977): 34 people, 78 ties, two camps. */
const KARATE = '1-2 1-3 2-3 1-4 2-4 3-4 1-5 1-6 1-7 5-7 6-7 1-8 2-8 3-8 4-8 1-9 3-9 3-10 1-11 5-11 6-11 1-12 1-13 4-13 1-14 2-14 3-14 4-14 6-17 7-17 1-18 2-18 1-20 2-20 1-22 2-22 24-26 25-26 3-28 24-28 25-28 3-29 24-30 27-30 2-31 9-31 1-32 25-32 26-32 29-32 3-33 9-33 15-33 16-33 19-33 21-33 23-33 24-33 30-33 31-33 32-33 9-34 10-34 14-34 15-34 16-34 19-34 20-34 21-34 23-34 24-34 27-34 28-34 29-34 30-34 31-34 32-34 33-34'
  .split(' ').map((pair): Tie => { const [a, b] = pair.split('-') as [string, string]; return { a, b, weight: 1 }; });
const shuffled = <T>(list: T[], seed: number): T[] => list.map((item, i) => [Math.imul(i + 1, seed) >>> 0, item] as const).sort((a, b) => a[0] - b[0]).map(([, item]) => item);

describe('communities', () => {
  it('of a known graph are about as good as can be', () => {
    const { communities, modularity } = findCommunities(KARATE);
    expect(modularity).toBeGreaterThan(0.4);
    expect(communities.flatMap((c) => c.members)).toHaveLength(34);
    const of = (id: string) => communities.findIndex((c) => c.members.some((m) => m.id === id));
    expect(of('33')).toBe(of('34'));
    expect(of('1')).not.toBe(of('34'));
    for (const community of communities) expect(community.id).toBe(community.members[0]!.id);
    expect(communities.map((c) => c.members.length)).toEqual(communities.map((c) => c.members.length).toSorted((a, b) => b - a));
  });

  it('are the same whatever the order of ties and ends', () => {
    const first = findCommunities(KARATE);
    for (let seed = 1; seed <= 20; seed++) expect(findCommunities(shuffled(KARATE, seed * 2_654_435_761).map(({ a, b, weight }, i) => (i % 2 ? { a: b, b: a, weight } : { a, b, weight })))).toEqual(first);
  });

  it('of nothing are none', () => { expect(findCommunities([])).toEqual({ communities: [], modularity: 0 }); });
});

describe('what matters from where one stands', () => {
  it('is what is near, and the nearer the more; it sums up to one', () => {
    const ties = [{ a: 'a', b: 'b', weight: 1 }, { a: 'b', b: 'c', weight: 1 }, { a: 'c', b: 'd', weight: 1 }, { a: 'x', b: 'y', weight: 1 }];
    const ranks = personalisedRank(new Map([['a', 1]]), ties), of = (id: string) => ranks.get(id) ?? 0;
    expect(of('a') > of('c') && of('b') > of('c') && of('c') > of('d') && of('d') > 0).toBe(true);
    expect(of('x')).toBe(0);
    expect([...ranks.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });

  it('follows the heavier ties, and does not depend on their order', () => {
    const ties = [{ a: 'a', b: 'heavy', weight: 9 }, { a: 'a', b: 'light', weight: 1 }, { a: 'heavy', b: 'z', weight: 1 }];
    const ranks = personalisedRank(new Map([['a', 2], ['light', 0.1]]), ties);
    expect(ranks.get('heavy')).toBeGreaterThan(ranks.get('light')!);
    expect(personalisedRank(new Map([['light', 0.1], ['a', 2]]), ties.toReversed())).toEqual(ranks);
  });

  it('is nothing when nothing is asked for, and the seed alone when it has no ties', () => {
    expect(personalisedRank(new Map(), []).size).toBe(0);
    expect([...personalisedRank(new Map([['a', 3]]), [])]).toEqual([['a', 1]]);
  });
});

describe('the book of communities', () => {
  let db: TestDatabase;
  beforeAll(async () => { db = await startTestDatabase(); });
  afterAll(() => db.stop());

  const camp = (name: string, n: number) => Array.from({ length: n }, (_, i) => `${name}${i}@${name}.example`);
  const letters = (people: string[], from: number) => people.flatMap((a, i) => people.slice(i + 1).map((b, k) => ({
    stream: 'mail', kind: 'mail' as const, providerId: `${from}-${i}-${k}`, occurredAt: '2026-01-01T00:00:00.000Z', endsAt: null, title: 'x', body: { format: 'text' as const, content: 'x' },
    participants: [{ role: 'from' as const, address: a, name: null }, { role: 'to' as const, address: b, name: null }], threadId: `${from}-${i}-${k}`, globalId: null, replyToGlobalId: null, url: null, properties: {},
  })));
  const stored = async (tenant: string) => (await db.owner.system([sql`select n.key, c.community_id::text as community, c.rank, c.weight from graph_communities c join graph_nodes n on n.tenant_id = c.tenant_id and n.id = c.node_id where c.tenant_id = ${tenant} order by 1`]))[0]!;

  it('is written as a whole, once for asking many times, and is the same however the mails arrived', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map(async (name) => {
      const tenant = `${name}-${randomUUID().slice(0, 8)}`, connection = randomUUID();
      await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenant}, 'T', ${tenant})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${connection}::uuid, 'outlook', 'a')`]);
      return { tenant, connection };
    }));
    const mails = [...letters(camp('red', 6), 1), ...letters(camp('blue', 5), 2), ...letters(['red0@red.example', 'blue0@blue.example'], 3)];
    await learn(db, one!.tenant, one!.connection, mails);
    await learn(db, two!.tenant, two!.connection, mails.toReversed());
    const built: unknown[] = [], writer = openCommunityBook({ db: db.app, log: (event, { tenant }) => { if (event === 'communities_built') built.push(tenant); } });
    await Promise.all([writer.rebuild(one!.tenant), writer.rebuild(one!.tenant), writer.rebuild(two!.tenant), writer.rebuild(one!.tenant)]);
    await writer.close();
    expect(built).toEqual([one!.tenant, two!.tenant]);
    const rows = await stored(one!.tenant), groups = Map.groupBy(rows, (r) => r.community);
    expect([...groups.values()].map((g) => g.map((r) => String(r.key).slice(0, 3))).map((g) => [...new Set(g)].join()).sort()).toEqual(['blu', 'red']);
    expect(rows, 'people and their companies').toHaveLength(13);
    expect((await stored(two!.tenant)).map(({ key, rank, weight }) => ({ key, rank, weight }))).toEqual(rows.map(({ key, rank, weight }) => ({ key, rank, weight })));
    const [builds] = await db.owner.system([sql`select modularity::float8 as modularity, is_cut from community_builds where tenant_id = ${one!.tenant}`]);
    expect(builds![0]).toMatchObject({ is_cut: false });
    expect(Number(builds![0]!.modularity)).toBeGreaterThan(0.3);
  });

  it('says what went wrong and goes on, and of an empty graph is empty', async () => {
    const told: string[] = [], writer = openCommunityBook({ db: { ...db.app, tenant: (tenant, statements) => (tenant === 'broken' ? Promise.reject(new Error('gone')) : db.app.tenant(tenant, statements)) }, log: (event) => { told.push(event); } });
    await Promise.all([writer.rebuild('broken'), writer.rebuild('empty')]);
    expect(told).toEqual(['communities_failed', 'communities_built']);
    expect(await stored('empty')).toEqual([]);
    await writer.close();
    await writer.rebuild('empty');
    expect(told, 'closed').toHaveLength(2);
  });
});
