/** The Machines API stand-in keeps to Fly's documented states and refusals, so that what works against it has a chance against Fly. */
import { beforeEach, describe, expect, it } from 'vitest';
import { openMachinesApi, type ApiAnswer, type StandInApi, type StandInMachine } from '#dev/machines-api';
import { until } from '../client.ts';

let api: StandInApi, powered: string[];
const ask = (method: string, path = '', body?: unknown, token = 't'): Promise<ApiAnswer> => api.answer(method, new URL(`http://fly/v1/apps/a/machines${path}`), `Bearer ${token}`, body);
const state = (id: string) => until(async () => api.machines().find((m) => m.id === id)?.state ?? 'none', (s) => !s.endsWith('ing'), 'settled');

beforeEach(() => {
  powered = [];
  const switched = (word: string) => async (id: string): Promise<void> => { powered.push(`${word} ${id}`); await new Promise((done) => setTimeout(done, 5)); };
  api = openMachinesApi({ app: 'a', token: 't', power: { on: switched('on'), off: switched('off') } });
});

describe('a machine', () => {
  it('goes through Fly\'s states: created, started, stopped, started, stopped, gone', async () => {
    const made = (await ask('POST', '', { config: { image: 'i', env: { A: '1' } }, region: 'ams' })).body as StandInMachine, { id } = made;
    expect(made).toMatchObject({ state: 'created', region: 'ams', config: { image: 'i', env: { A: '1' } }, instance_id: expect.any(String), created_at: expect.any(String) });
    expect(await state(id)).toBe('started');
    expect((await ask('DELETE', `/${id}`)).status, 'not while it runs').toBe(412);
    expect((await ask('POST', `/${id}/stop`)).status).toBe(200);
    expect((await ask('POST', `/${id}/start`)).status, 'not while it stops').toBe(412);
    expect((await ask('GET', `/${id}/wait?state=stopped&timeout=5&instance_id=${made.instance_id}`)).status).toBe(200);
    expect((await ask('POST', `/${id}/start`)).body).toEqual({ previous_state: 'stopped' });
    expect(await state(id)).toBe('started');
    await ask('POST', `/${id}/stop`);
    expect(await state(id)).toBe('stopped');
    expect((await ask('DELETE', `/${id}`)).status).toBe(200);
    expect([(await ask('GET', `/${id}`)).status, (await ask('GET')).body]).toEqual([404, []]);
    expect(powered.map((p) => p.split(' ')[0])).toEqual(['on', 'off', 'on', 'off', 'off']);
  });

  it('goes at once when forced', async () => {
    const { id } = await api.add();
    expect((await ask('DELETE', `/${id}?force=true`)).status).toBe(200);
    expect(api.machines()).toEqual([]);
  });
});

describe('the API refuses', () => {
  it.each<[string, () => Promise<ApiAnswer>, number]>([
    ['a stranger', () => ask('GET', '', undefined, 'other'), 401], ['another app', () => api.answer('GET', new URL('http://fly/v1/apps/b/machines'), 'Bearer t', undefined), 404],
    ['an unknown machine', () => ask('POST', '/nobody/start'), 404], ['a machine without an image', () => ask('POST', '', { config: {} }), 422], ['an unknown action', async () => ask('POST', `/${(await api.add()).id}/dance`), 404],
    ['to wait for stopped without the instance', async () => ask('GET', `/${(await api.add()).id}/wait?state=stopped&timeout=1`), 400],
    ['to wait for ever', async () => { const { id, instance_id } = await api.add(); return ask('GET', `/${id}/wait?state=stopped&timeout=0.05&instance_id=${instance_id}`); }, 408],
  ])('%s', async (_, wish, status) => { expect(await wish()).toMatchObject({ status, body: { error: expect.any(String) } }); });

  it('a fourth action of a kind on one machine within a second', async () => {
    const { id } = await api.add();
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask('POST', `/${id}/stop`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});
