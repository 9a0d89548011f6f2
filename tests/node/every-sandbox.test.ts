/** Every connector that signs in, before its own provider in the sandbox: what a run meets sooner or later, whoever the provider is. Nothing here names one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '#dev/sandbox/server';
import { connectors } from '#fly-worker/connectors/index';
import { outcomeOf } from '#fly-worker/outcome';
import { EVER, openAccount, type SandboxAccount } from '../sandbox-account.ts';

const NOW = Date.UTC(2026, 10, 21, 12), ADDRESS = 'mia.chen@quill.example';
let sandbox: Sandbox;
beforeAll(async () => { sandbox = await startSandbox({ port: 0, clock: () => NOW }); });
afterAll(() => sandbox.stop());

describe.each(connectors.filter((connector) => connector.oauth).map((connector) => [connector.id, connector] as const))('%s', (_, connector) => {
  let account: SandboxAccount, stream: string;
  const fault = (kind: string, count: number): Promise<unknown> => account.admin('POST', '/faults', { kind, count, match: '', account: ADDRESS });
  const tokens = (what: 'expire' | 'revoke'): Promise<unknown> => account.admin('POST', `/accounts/${ADDRESS}/${what}-tokens`, { provider: connector.oauth!.provider });
  const idsOf = async (...of: Parameters<SandboxAccount['read']>): Promise<string[]> => (await account.read(...of)).records.map((record) => record.providerId);
  const whyNot = (): Promise<unknown> => account.read(stream).then(() => { throw new Error('was read'); }, outcomeOf);

  beforeEach(async () => {
    await fetch(`${sandbox.url}/admin/accounts`, { method: 'POST', body: JSON.stringify({ address: ADDRESS, name: 'Mia Chen', mails: 150, events: 60, seed: 3, months: 3 }) });
    await fetch(`${sandbox.url}/admin/faults`, { method: 'DELETE' });
    account = await openAccount(sandbox.url, connector, ADDRESS);
    stream = (await account.streams())[0]!;
  });

  it('cuts windows so that neighbours hold every record once, those on the edge included', async () => {
    for (const name of await account.streams()) {
      const { records } = await account.read(name), dates = records.map((record) => record.occurredAt).toSorted(), edge = dates[Math.floor(dates.length / 2)];
      if (edge === undefined) continue;
      const parts = [...await idsOf(name, { since: edge, until: EVER.until }, EVER), ...await idsOf(name, { since: EVER.since, until: edge }, EVER)];
      expect(parts.toSorted(), name).toEqual([...new Set(records.map((record) => record.providerId))].toSorted());
    }
  });

  it('goes on behind empty pages that name a next one', async () => {
    const all = await idsOf(stream);
    expect(all.length).toBeGreaterThan(5);
    await fault('empty-page-with-next', 2);
    expect(new Set(await idsOf(stream))).toEqual(new Set(all));
    expect((await account.admin('GET', '/faults') as { hits: number }[]).map(({ hits }) => hits)).toEqual([2]);
  });

  it('asks for no more at once than the provider allows', async () => {
    await account.admin('POST', '/settings', { latencyMs: 10, concurrency: connector.concurrencyMax });
    await account.admin('DELETE', `/requests?account=${ADDRESS}`);
    const all = await Promise.all((await account.streams()).map((name) => account.read(name)));
    expect(all.flatMap(({ records }) => records).length).toBeGreaterThan(50);
    await account.admin('POST', '/settings', { latencyMs: 0, concurrency: null });
    expect((await account.admin('GET', `/requests?account=${ADDRESS}`) as { status: number }[]).filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('renews a token that expires in the middle of a run once, and goes on with the same page', async () => {
    const before = await account.read(stream);
    await tokens('expire');
    expect(await account.read(stream)).toEqual(before);
    expect(account.refreshes()).toBe(1);
  });

  it('ends as a lost account when the refresh is refused in the middle of a run', async () => {
    await account.read(stream);
    await tokens('revoke');
    expect(await whyNot()).toMatchObject({ kind: 'paused', reason: 'auth_expired' });
  });

  it('says what to do when the permission was taken away', async () => {
    await fault('403', -1);
    expect(await whyNot()).toMatchObject({ kind: 'failed', reason: 'forbidden', message: expect.stringMatching(/\. The account may not read this\. Reconnect it with the permissions asked for\.$/) as string });
  });

  it('waits for a limit and goes on, and comes back later when it lasts', async () => {
    const all = await idsOf(stream);
    await fault('429', 3);
    expect(await idsOf(stream)).toEqual(all);
    await fault('429', -1);
    expect(await whyNot()).toMatchObject({ kind: 'snoozed' });
  });
});
