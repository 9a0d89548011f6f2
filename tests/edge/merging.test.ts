/** Merging by hand: two nodes read as one, whatever comes later; and the way back to exactly what was there. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MergeAnswer, NeighborsAnswer, NodeDetail, NodesAnswer, PathsAnswer } from '#contract/graph';
import { learn, mail } from './mails.ts';
import { call, newConnection, newTenant, rows, type ErrorBody, type Tenant } from './visitor.ts';

const WORK = 'Anna Berg <anna@nordwind.example>', HOME = 'Anna <anna.berg@gmail.com>', TOM = 'Tom Reyes <tom@quill.example>', LEA = 'Lea <lea@gmail.com>';
let tenant: Tenant, connection: string, ids: Record<string, string>;
beforeEach(async () => {
  tenant = await newTenant();
  connection = await newConnection(tenant);
  await learn(tenant, [
    mail({ id: 'm1', on: '2026-01-05', from: WORK, to: [TOM], thread: 't1' }), mail({ id: 'm2', on: '2026-01-06', from: TOM, to: [WORK, HOME], thread: 't1', isReply: true }),
    mail({ id: 'm3', on: '2026-02-01', from: HOME, to: [LEA], thread: 't2' }),
  ], connection);
  ids = Object.fromEntries((await rows<{ key: string; id: string }>('select key, id from graph_nodes where tenant_id = $1', tenant.id)).map(({ key, id }) => [key, id]));
});

const WORK_KEY = 'anna@nordwind.example', HOME_KEY = 'anna.berg@gmail.com';
const get = async <T>(path: string, schema: { parse(value: unknown): T }): Promise<T> => {
  const answer = await call('GET', `/api/memory/graph/${path}`, { key: tenant.key });
  expect(answer.status, answer.text).toBe(200);
  return schema.parse(answer.body);
};
const merge = (key: string, into: string) => call<ErrorBody>('POST', `/api/memory/graph/nodes/${ids[key]}/merge`, { key: tenant.key, body: { into: ids[into] } });
const split = (key: string) => call<ErrorBody>('POST', `/api/memory/graph/nodes/${ids[key]}/split`, { key: tenant.key });
const merged = async (key: string, into: string): Promise<MergeAnswer> => MergeAnswer.parse((await merge(key, into)).body);
/** The whole graph as it is read, as one value. */
const everything = async (): Promise<unknown> => {
  const { nodes } = await get('nodes?limit=100', NodesAnswer);
  return Promise.all(nodes.map(async ({ id }) => [await get(`nodes/${id}`, NodeDetail), await get(`nodes/${id}/neighbors?depth=3`, NeighborsAnswer)]));
};
const tables = () => Promise.all(['graph_nodes', 'graph_edges', 'evidence', 'discovered_entities'].map((t) => rows(`select md5(string_agg(x::text, '|' order by x::text)) from ${t} x where tenant_id = $1`, tenant.id)));

describe('a merged node', () => {
  it('is one with the other: facts, counts, neighbours and names of both, under either id', async () => {
    expect(await merged(HOME_KEY, WORK_KEY)).toMatchObject({ node: { id: ids[WORK_KEY], name: 'Anna Berg' }, merged: [{ id: ids[HOME_KEY], name: 'Anna' }] });
    const one = await get(`nodes/${ids[WORK_KEY]}`, NodeDetail);
    expect(one).toMatchObject({ records: 3, last_seen: '2026-02-01T12:00:00.000Z', merged: [{ key: HOME_KEY }], counts: { IN_THREAD: 2, RECEIVED: 1, REPLY_TO: 1, SENT: 2, WORKS_AT: 1 } });
    expect(one.facts.find((f) => f.edge_type === 'RECEIVED')).toMatchObject({ weight: 1, other: { key: 't1' } });
    expect(await get(`nodes/${ids[HOME_KEY]}`, NodeDetail)).toEqual(one);
    expect((await get('nodes?type=person', NodesAnswer)).nodes.map((n) => n.key).sort()).toEqual([WORK_KEY, 'lea@gmail.com', 'tom@quill.example']);
    expect((await get('nodes?q=anna.berg', NodesAnswer)).nodes).toMatchObject([{ id: ids[WORK_KEY], records: 3 }]);
    const near = await get(`nodes/${ids['lea@gmail.com']}/neighbors?depth=2&types=person,SENT,RECEIVED`, NeighborsAnswer);
    expect(near.nodes.map((n) => n.key)).toEqual([WORK_KEY]);
    expect((await get(`paths?from=${ids['tom@quill.example']}&to=${ids['lea@gmail.com']}`, PathsAnswer)).nodes.map((n) => n.key)).toEqual(['tom@quill.example', WORK_KEY, 't2', 'lea@gmail.com']);
  });

  it('takes what later records say of either', async () => {
    await merged(HOME_KEY, WORK_KEY);
    await learn(tenant, [mail({ id: 'm4', on: '2026-03-01', from: HOME, to: [TOM], thread: 't3' }), mail({ id: 'm5', on: '2026-03-02', from: WORK, to: [TOM], thread: 't3' })], connection);
    const one = await get(`nodes/${ids[WORK_KEY]}`, NodeDetail);
    expect(one.records).toBe(5);
    expect(one.facts.find((f) => f.edge_type === 'SENT' && f.other.key === 't3'), 'two edges, read as one').toMatchObject({ weight: 2, evidence: [{ occurred_at: '2026-03-02T12:00:00.000Z' }, { occurred_at: '2026-03-01T12:00:00.000Z' }] });
  });

  it('that is split is exactly what it was, and so is the other', async () => {
    const before = await everything(), stored = await tables();
    await merged(HOME_KEY, WORK_KEY);
    expect(await everything()).not.toEqual(before);
    expect(await tables()).toEqual(stored);
    expect(MergeAnswer.parse((await split(HOME_KEY)).body)).toMatchObject({ node: { id: ids[HOME_KEY] }, merged: [] });
    expect(await everything()).toEqual(before);
  });

  it('brings along what was merged into it, and keeps it when it is split; splitting the last one takes all merges into it back', async () => {
    const before = await everything();
    await merged(HOME_KEY, WORK_KEY);
    expect((await merged(WORK_KEY, 'tom@quill.example')).merged.map((n) => n.id).sort()).toEqual([ids[HOME_KEY], ids[WORK_KEY]].sort());
    expect((await get(`nodes/${ids[HOME_KEY]}`, NodeDetail)).id).toBe(ids['tom@quill.example']);
    await split(WORK_KEY);
    expect((await get(`nodes/${ids[HOME_KEY]}`, NodeDetail)).id).toBe(ids[WORK_KEY]);
    await merged('lea@gmail.com', HOME_KEY);
    expect((await get(`nodes/${ids['lea@gmail.com']}`, NodeDetail)).id).toBe(ids[WORK_KEY]);
    await split(WORK_KEY);
    expect((await get(`nodes/${ids['lea@gmail.com']}`, NodeDetail)).id, 'it was merged into the other address').toBe(ids[HOME_KEY]);
    await split(HOME_KEY);
    expect(await everything()).toEqual(before);
  });

  it('is merged once: again changes nothing, elsewhere or in a circle is refused, and so is splitting what is whole', async () => {
    const first = await merged(HOME_KEY, WORK_KEY);
    expect(await merged(HOME_KEY, WORK_KEY)).toEqual(first);
    expect(await merge(HOME_KEY, 'tom@quill.example')).toMatchObject({ status: 409, body: { error: { code: 'invalid_state' } } });
    expect((await merge(WORK_KEY, HOME_KEY)).status).toBe(409);
    expect((await merge(WORK_KEY, WORK_KEY)).status).toBe(409);
    expect((await split('tom@quill.example')).status).toBe(409);
    expect((await call('POST', `/api/memory/graph/nodes/${ids[WORK_KEY]}/merge`, { key: tenant.key, body: { into: crypto.randomUUID() } })).status).toBe(404);
    expect((await call('POST', `/api/memory/graph/nodes/${ids[WORK_KEY]}/merge`, { key: tenant.key, body: {} })).status).toBe(400);
  });

  it('of which both are merged into each other at once makes no circle', async () => {
    const answers = await Promise.all([merge(HOME_KEY, WORK_KEY), merge(WORK_KEY, HOME_KEY)]);
    expect(answers.map((a) => a.status).sort()).toEqual([200, 409]);
  });

  it('whose root nothing supports any more is shown as what is left of it', async () => {
    await merged(HOME_KEY, WORK_KEY);
    await rows('delete from graph_nodes where tenant_id = $1 and id = $2', tenant.id, ids[WORK_KEY]);
    expect(await get(`nodes/${ids[WORK_KEY]}`, NodeDetail)).toMatchObject({ id: ids[WORK_KEY], key: HOME_KEY, name: 'Anna' });
    expect((await get('nodes?type=person&q=anna', NodesAnswer)).nodes.map((n) => n.id)).toEqual([ids[WORK_KEY]]);
  });
});
