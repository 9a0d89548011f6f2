/** Reading memory through the desk: what the fleet is asked, and what people are told when it does not answer sensibly. */
import { beforeEach, describe, expect, it } from 'vitest';
import { call, fleetAnswers, heard, newConnection, newTenant, rows, type ErrorBody } from './visitor.ts';

const nothing = { results: [], watermarks: [], took_ms: 1 };
beforeEach(async () => { await fleetAnswers('/search'); await heard('/search'); });

describe('search', () => {
  it('asks the fleet in the name of the caller\'s tenant, with every default filled in', async () => {
    const { id, key } = await newTenant();
    await fleetAnswers('/search', { status: 200, body: nothing });
    expect(await call('GET', '/api/memory/search?q=%20invoice%20&person=Anna@X.example', { key })).toMatchObject({ status: 200, body: nothing });
    const [asked] = await heard('/search');
    expect(JSON.parse(asked!.body)).toEqual({ tenant_id: id, ticket: expect.any(String) as string, query: { q: 'invoice', mode: 'hybrid', limit: 10, recency: 'ignore', person: 'anna@x.example' } });
  });

  it.each(['', '?q=', '?q=%20', '?q=a&limit=0', '?q=a&limit=101', '?q=a&mode=magic', '?q=a&from=soon', `?q=${'a'.repeat(1_001)}`])('answers 400 to %.20s without asking anybody', async (query) => {
    const { key } = await newTenant();
    expect((await call('GET', `/api/memory/search${query}`, { key })).status).toBe(400);
    expect(await heard('/search')).toEqual([]);
  });

  it.each<[string, { status: number; body?: unknown }]>([['is broken', { status: 500 }], ['does not answer', { status: 0 }], ['answers with something else', { status: 200, body: { rows: [] } }], ['is busy', { status: 503 }]])('answers 503 when the fleet %s', async (_, answer) => {
    const { key } = await newTenant();
    await fleetAnswers('/search', answer);
    const told = await call<ErrorBody>('GET', '/api/memory/search?q=a', { key });
    expect(told).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('counts', () => {
  it('are the tenant\'s own', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    await rows(`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_by_job)
      values ($1, gen_random_uuid(), 'outlook', $2, 'mail', 'p', 'mail', 'h', 't', 'p', now(), gen_random_uuid())`, tenant.id, connection);
    expect((await call('GET', '/api/memory/stats', { key: tenant.key })).body).toEqual({ records: 1, entities: 0, relationships: 0, ledger: { seen: 0, stored: 0, unchanged: 0, duplicate: 0, failed: 0 } });
  });
});

describe('the export', () => {
  it('is passed on as lines, asked for in the name of the caller\'s tenant', async () => {
    const { id, key } = await newTenant();
    await heard('/export');
    await fleetAnswers('/export', { status: 200, body: { type: 'node' } });
    const answer = await call('GET', '/api/memory/export', { key });
    expect(answer).toMatchObject({ status: 200, body: { type: 'node' } });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(JSON.parse((await heard('/export'))[0]!.body)).toEqual({ tenant_id: id });
  });

  it('that no worker gives is a 503', async () => {
    const { key } = await newTenant();
    await fleetAnswers('/export', { status: 500 });
    expect(await call('GET', '/api/memory/export', { key })).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
  });
});
