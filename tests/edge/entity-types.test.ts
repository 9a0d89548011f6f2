/** Schema discovery through the API: drafts from samples, promotion once and from then on, and the way back. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DiscoveredAnswer, EntityTypesAnswer, TypeChangeAnswer } from '#contract/entity-types';
import { NodesAnswer } from '#contract/graph';
import { TYPE_SAMPLES_MIN } from '#contract/limits';
import { learn, mail } from './mails.ts';
import { call, newConnection, newTenant, rows, type Tenant } from './visitor.ts';

let tenant: Tenant, connection: string;
beforeEach(async () => { tenant = await newTenant(); connection = await newConnection(tenant); });

const letter = (n: number, text = `Please pay invoice INV-2026-${100 + n} of EUR ${n},50.`) => mail({ id: `m${n}`, on: `2026-01-${10 + n}`, from: 'Anna Berg <anna@nordwind.example>', to: ['tom@quill.example'], text });
const letters = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => letter(from + i));
const get = async <T>(path: string, schema: { parse(value: unknown): T }): Promise<T> => {
  const answer = await call('GET', `/api/${path}`, { key: tenant.key });
  expect(answer.status, answer.text).toBe(200);
  return schema.parse(answer.body);
};
const types = async () => new Map((await get('entity-types', EntityTypesAnswer)).entity_types.map((t) => [t.slug, t]));
const nodes = (type: string) => get(`memory/graph/nodes?type=${type}&limit=100`, NodesAnswer);
const staged = (query: string) => get(`discovered-entities?${query}`, DiscoveredAnswer);
const change = async (slug: string, verb: 'activate' | 'deactivate') => TypeChangeAnswer.parse((await call('POST', `/api/entity-types/${slug}/${verb}`, { key: tenant.key })).body);

describe('a type', () => {
  it(`is drafted when ${TYPE_SAMPLES_MIN} of its kind were found, with the schema of their properties; the system's own are always there`, async () => {
    await learn(tenant, letters(1, TYPE_SAMPLES_MIN - 1), connection);
    expect((await types()).has('money')).toBe(false);
    expect((await types()).get('person')).toMatchObject({ status: 'active', is_system: true, samples: 2 });
    await learn(tenant, [letter(TYPE_SAMPLES_MIN)], connection);
    expect((await types()).get('money')).toEqual({
      slug: 'money', name: 'Money', status: 'draft', is_system: false, samples: 5, activated_at: null,
      json_schema: { type: 'object', properties: { amount: { type: 'number' }, currency: { type: 'string' } }, required: ['amount', 'currency'] },
    });
    expect((await nodes('money')).total).toBe(0);
  });

  it('that is activated promotes what is staged, once, and what comes later by itself', async () => {
    await learn(tenant, letters(1, 5), connection);
    expect(await change('money', 'activate')).toMatchObject({ slug: 'money', status: 'active', promoted: 5, demoted: 0 });
    const before = await rows('select * from graph_nodes where tenant_id = $1 order by id', tenant.id);
    expect(await change('money', 'activate')).toMatchObject({ status: 'active', promoted: 0 });
    expect(await rows('select * from graph_nodes where tenant_id = $1 order by id', tenant.id)).toEqual(before);
    expect((await nodes('money')).nodes.find((n) => n.key === 'EUR 3.5')).toMatchObject({ name: 'EUR 3,50', properties: { amount: 3.5, currency: 'EUR' }, records: 1 });
    await learn(tenant, letters(6, 8), connection);
    expect((await nodes('money')).total).toBe(8);
    expect((await staged('type=money&status=staged')).total).toBe(0);
    expect((await staged('type=identifier&status=staged')).total, 'other types stay as they are').toBe(8);
  });

  it('lists what most records speak of first', async () => {
    await learn(tenant, [...letters(1, 5), letter(9, 'Again EUR 3,50 and EUR 7.50'), letter(10, 'EUR 3.50')], connection);
    expect((await staged('type=money&limit=3')).entities.map(({ key, records }) => [key, records])).toEqual([['EUR 3.5', 3], ['EUR 1.5', 1], ['EUR 2.5', 1]]);
  });

  it('that is activated is the same whether its records came before or after', async () => {
    await learn(tenant, letters(1, 5), connection);
    await change('money', 'activate');
    await learn(tenant, [...letters(6, 8), letter(9, 'Again EUR 3,50 and EUR 7.50')], connection);
    const look = () => rows('select id, node_type, key, name, properties, described_at, described_by from graph_nodes where tenant_id = $1 order by id', tenant.id);
    const then = await look();
    await change('money', 'deactivate');
    expect(await change('money', 'activate')).toMatchObject({ promoted: 8 });
    expect(await look()).toEqual(then);
  });

  it('that is deactivated leaves the graph, and nothing of it is lost', async () => {
    await learn(tenant, letters(1, 5), connection);
    await change('money', 'activate');
    expect(await change('money', 'deactivate')).toMatchObject({ status: 'inactive', demoted: 5 });
    expect((await nodes('money')).total).toBe(0);
    await learn(tenant, letters(6, 6), connection);
    expect((await staged('type=money&status=staged')).total).toBe(6);
    expect(await change('money', 'deactivate')).toMatchObject({ status: 'inactive', demoted: 0 });
    expect((await types()).get('money')).toMatchObject({ status: 'inactive', samples: 6 });
  });

  it('of the system is active for good; one that nobody found does not exist', async () => {
    expect(await change('person', 'activate')).toMatchObject({ status: 'active', promoted: 0 });
    expect((await call('POST', '/api/entity-types/person/deactivate', { key: tenant.key })).status).toBe(409);
    for (const verb of ['activate', 'deactivate']) expect((await call('POST', `/api/entity-types/spaceship/${verb}`, { key: tenant.key })).status).toBe(404);
  });

  it('of one tenant is nothing to another', async () => {
    await learn(tenant, letters(1, 5), connection);
    await change('money', 'activate');
    const other = await newTenant();
    expect((await call('POST', '/api/entity-types/money/activate', { key: other.key })).status).toBe(404);
    expect((await call('GET', '/api/discovered-entities', { key: other.key })).body).toMatchObject({ total: 0 });
  });
});

describe('what was found', () => {
  it('is listed by state, type and integration, with its newest name and how many records speak of it', async () => {
    await learn(tenant, [...letters(1, 3), letter(4, 'See https://lamps.example/a?utm_source=x'), letter(5, 'See https://lamps.example/a')], connection);
    expect(await staged('type=url')).toEqual({
      total: 1, limit: 20, offset: 0,
      entities: [expect.objectContaining({ key: 'lamps.example/a', name: 'https://lamps.example/a', status: 'staged', records: 2, first_seen: '2026-01-14T12:00:00.000Z', last_seen: '2026-01-15T12:00:00.000Z' })],
    });
    expect((await staged('status=promoted&type=person')).entities.map((e) => e.key)).toEqual(['anna@nordwind.example', 'tom@quill.example']);
    expect((await staged('integration=outlook&type=money')).total).toBe(3);
    expect((await staged('integration=slack')).total).toBe(0);
    expect((await staged('limit=2&offset=1&type=money')).entities.map((e) => e.key)).toEqual(['EUR 2.5', 'EUR 3.5']);
    expect((await call('GET', '/api/discovered-entities?status=lost', { key: tenant.key })).status).toBe(400);
  });
});
