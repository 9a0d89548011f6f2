/** Erasing through the desk: who may, what must be typed, what the fleet is told, and what is answered when no worker is there. Carrying it out is tests/node/erase's. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Erasure, ErasuresAnswer } from '#contract/erasure';
import { learn, mail } from './mails.ts';
import { newKey } from './sweep.ts';
import { as, call, fleetAnswers, get, heard, newConnection, newMember, newTenant, rows, signIn, start, type ErrorBody, type Tenant } from './visitor.ts';

let tenant: Tenant, connection: string, records: string[];
beforeEach(async () => {
  [tenant] = [await newTenant()];
  connection = await newConnection(tenant);
  records = await learn(tenant, [mail({ id: 'm1', on: '2026-01-05', from: 'Anna Berg <anna@nordwind.example>', to: ['tom@quill.example'] }), mail({ id: 'm2', on: '2026-01-06', from: 'tom@quill.example', to: ['mia@quill.example'] })], connection);
  await heard('/erase');
  await fleetAnswers('/erase');
});

const hidden = async () => (await rows<{ id: string }>('select record_id::text as id from erasing where tenant_id = $1 order by 1', tenant.id)).map((r) => r.id);
const nodeOf = async (key: string) => (await rows<{ id: string }>('select id::text as id from graph_nodes where tenant_id = $1 and key = $2', tenant.id, key))[0]!.id;
const erase = (path: string, by: { key?: string; cookie?: string } = { key: tenant.key }, body?: object) => call<Erasure & ErrorBody>('DELETE', path, { ...by, body, ...(by.cookie ? { headers: { origin: 'http://app.test' } } : {}) });

describe('what is asked to be erased', () => {
  it('is hidden at once and told to a worker, whose receipt is the answer', async () => {
    await fleetAnswers('/erase', { status: 200, body: { erasure_id: 'e', subject: 'record', subject_id: records[0], status: 'done', requested_at: '2026-01-01T00:00:00.000Z', finished_at: '2026-01-01T00:00:00.000Z', records: 1, evidence: 9, nodes: 1, edges: 2, entities: 1, texts: 1 } });
    expect(await erase(`/api/memory/records/${records[0]}`)).toMatchObject({ status: 200, body: { erasure_id: 'e', status: 'done', records: 1, texts: 1 } });
    expect(await hidden()).toEqual([records[0]]);
    const [written] = await rows<{ id: string }>('select id::text as id from erasures where tenant_id = $1', tenant.id);
    expect(JSON.parse((await heard('/erase'))[0]!.body)).toEqual({ tenant_id: tenant.id, erasure_id: written!.id });
  });

  it('is said to be running when no worker answers, and stands in the list', async () => {
    await fleetAnswers('/erase', { status: 0 });
    const answer = await erase(`/api/memory/people/${await nodeOf('anna@nordwind.example')}`);
    expect(Erasure.parse(answer.body)).toMatchObject({ subject: 'person', status: 'running', finished_at: null, records: 0 });
    expect(await hidden()).toEqual([records[0]]);
    expect(ErasuresAnswer.parse((await call('GET', '/api/memory/erasures', { key: tenant.key })).body).erasures).toEqual([answer.body]);
  });

  it('is no other person\'s: a company, a thread or an unknown id is not a person', async () => {
    for (const id of [await nodeOf('nordwind.example'), crypto.randomUUID(), 'no-id']) expect((await erase(`/api/memory/people/${id}`)).status).toBe(404);
    for (const id of [crypto.randomUUID(), 'no-id']) expect((await erase(`/api/memory/records/${id}`)).status).toBe(404);
    expect(await rows('select 1 from erasures where tenant_id = $1', tenant.id)).toEqual([]);
  });
});

describe('a connection', () => {
  it('keeps its memory when it is disconnected, and loses it with forget=true', async () => {
    expect((await erase(`/api/connections/${connection}`)).body).toMatchObject({ status: 'revoked', erasure: null });
    expect(await hidden()).toEqual([]);
    expect((await erase(`/api/connections/${connection}?forget=true`)).body).toMatchObject({ erasure: { subject: 'connection', subject_id: connection, status: 'running' } });
    expect(await hidden()).toEqual(records.toSorted());
  });

  it('is not disconnected either when its account was typed wrong, or somebody may not erase', async () => {
    const cookie = await signIn(tenant), account = `${connection}@x.example`, path = `/api/connections/${connection}?forget=true`;
    for (const body of [undefined, {}, { confirm: 'something else' }]) expect(await erase(path, { cookie }, body)).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('account') as string } } });
    expect((await erase(path, { key: tenant.key }, { confirm: 'something else' })).status).toBe(400);
    expect((await erase(path, await newMember(tenant), { confirm: account })).status).toBe(403);
    expect(await rows('select status from connections where id = $1', connection)).toEqual([{ status: 'active' }]);
    expect(await erase(path, { cookie }, { confirm: account })).toMatchObject({ status: 200, body: { status: 'revoked', erasure: { subject: 'connection' } } });
  });
});

describe('a tenant', () => {
  it('is erased when its name is typed; what runs is cancelled first, connections stay', async () => {
    const { body: job } = await start(tenant, connection), cookie = await signIn(tenant);
    expect((await erase('/api/tenant/data', { cookie }, { confirm: 'another' })).status).toBe(400);
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'pending' });
    expect(await erase('/api/tenant/data', { cookie }, { confirm: tenant.id })).toMatchObject({ status: 200, body: { subject: 'tenant', subject_id: null, status: 'running' } });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'cancelled' });
    expect(await hidden()).toEqual(records.toSorted());
    expect(await rows('select status from connections where id = $1', connection)).toEqual([{ status: 'active' }]);
  });

  it('is erased by an admin\'s key without a word, and by nobody less', async () => {
    const reader = await newKey(tenant, ['read', 'sync']), member = await newMember(tenant), admin = await newMember(tenant, 'admin');
    for (const by of [{ key: reader }, { cookie: member.cookie }]) {
      for (const path of ['/api/tenant/data', `/api/memory/records/${records[0]}`, `/api/memory/people/${await nodeOf('tom@quill.example')}`]) expect((await erase(path, by)).status).toBe(403);
    }
    expect((await as(member, 'GET', '/api/memory/erasures')).status).toBe(403);
    expect((await erase('/api/tenant/data', { key: await newKey(tenant, ['admin']) })).status).toBe(200);
    expect((await erase('/api/tenant/data', { cookie: admin.cookie }, { confirm: tenant.id })).status).toBe(200);
  });
});
