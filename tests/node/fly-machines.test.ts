/** The Fly client over HTTP against the stand-in: what it sends is what the stand-in takes, and a silent Fly is given up after ten seconds. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMachinesApi } from '#dev/machines-api';
import { openFlyMachines } from '#worker-api/fly-machines';

let fly: Server, silent: Server;
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const listening = (server: Server): Promise<Server> => new Promise((done) => { server.listen(0, '127.0.0.1', () => done(server)); });
const api = openMachinesApi({ app: 'our app', token: 't', power: { on: async () => undefined, off: async () => undefined } });

beforeAll(async () => {
  fly = await listening(createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString('utf8');
      const { status, body } = await api.answer(request.method!, new URL(request.url!, 'http://fly'), request.headers.authorization, text ? JSON.parse(text) : undefined);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  }));
  silent = await listening(createServer(() => undefined));
});
afterAll(() => { for (const server of [fly, silent]) { server.close(); server.closeAllConnections(); } });

describe('the Fly client', () => {
  it('lists, creates, starts, stops, waits and destroys', async () => {
    const machines = openFlyMachines({ apiUrl: `${urlOf(fly)}/`, app: 'our app', token: 't' });
    const first = await api.add();
    const [listed] = await machines.list();
    expect(listed).toEqual({ id: first.id, state: 'started', region: 'fra', createdAt: Date.parse(first.created_at), instanceId: first.instance_id, template: { config: first.config, region: 'fra' } });
    const id = await machines.create(listed!.template!);
    const instance = (await machines.list()).find((m) => m.id === id)!.instanceId;
    await expect(machines.destroy(id)).rejects.toMatchObject({ name: 'MachinesApiError', kind: 'refused', message: expect.stringContaining('failed_precondition') });
    await machines.stop(id);
    expect(await machines.stopped(id, instance)).toBe(true);
    expect(await machines.stopped(id, null), 'Fly wants to know which instance').toBe(false);
    await machines.start(id);
    await machines.stop(id);
    await machines.destroy(id);
    expect((await machines.list()).map((m) => m.id)).toEqual([first.id]);
    await expect(openFlyMachines({ apiUrl: urlOf(fly), app: 'our app', token: 'other' }).list()).rejects.toMatchObject({ kind: 'denied' });
  });

  it('does not wait for ever', async () => {
    const began = Date.now();
    await expect(openFlyMachines({ apiUrl: urlOf(silent), app: 'a', token: 't' }).list()).rejects.toMatchObject({ kind: 'unreachable' });
    expect(Date.now() - began).toBeGreaterThan(9_000);
    expect(Date.now() - began).toBeLessThan(14_000);
  }, 20_000);
});
