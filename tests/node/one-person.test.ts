/** All integrations of one tenant, synced from their sandboxes: whoever has one address is one person, whoever mentions them. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '#fly-worker/connectors/index';
import { nodeId } from '#fly-worker/ids';
import type { Finished } from '#fly-worker/pipeline';
import { openSyncedTenant, type SyncedTenant } from '../synced.ts';

const ANNA = 'anna.keller@nordlicht-robotics.example', HOME = 'nordlicht-robotics.example';
const ANCHOR = Date.UTC(2026, 10, 21, 12), RANGE = { since: new Date(ANCHOR - 30 * 86_400_000).toISOString(), until: new Date(ANCHOR).toISOString() };
const integrations = connectors.filter((connector) => connector.oauth !== null);

let tenant: SyncedTenant;
const runs: Finished[] = [];
beforeAll(async () => {
  tenant = await openSyncedTenant({ anchor: ANCHOR });
  for (const connector of integrations) {
    runs.push(await (await tenant.connect(connector, ANNA)).sync(RANGE));
  }
}, 180_000);
afterAll(() => tenant.close());

const ask = async <T>(query: ReturnType<typeof sql>): Promise<T[]> => (await tenant.db.owner.system([query]))[0] as T[];
/** Integrations whose records support this node, and kinds of these records. */
const evidenceOf = async (node: string) => ask<{ integration: string; kind: string }>(sql`
  select distinct r.integration_id as integration, r.kind from evidence e join records r on r.tenant_id = e.tenant_id and r.record_id = e.record_id where e.tenant_id = ${tenant.tenantId} and e.target_id = ${node}::uuid`);
const edgesOf = async (type: string, from: string, to: string): Promise<number> => (await ask(sql`
  select from graph_edges x join graph_nodes s on s.tenant_id = x.tenant_id and s.id = x.source join graph_nodes t on t.tenant_id = x.tenant_id and t.id = x.target
   where x.tenant_id = ${tenant.tenantId} and x.edge_type = ${type} and s.node_type = ${from} and t.node_type = ${to}`)).length;

describe('after syncing everything', () => {
  it('every integration has brought records, with balanced books', () => {
    for (const { mismatch, progress } of runs) {
      expect(mismatch).toBeNull();
      expect(progress.ledger.stored).toBeGreaterThan(20);
    }
  });

  it('Anna is one person, with evidence from every integration, under her name', async () => {
    const named = await ask<{ id: string; key: string; name: string }>(sql`select id::text, key, name from graph_nodes where tenant_id = ${tenant.tenantId} and node_type = 'person' and name = 'Anna Keller'`);
    expect(named).toEqual([{ id: nodeId(tenant.tenantId, 'person', ANNA), key: ANNA, name: 'Anna Keller' }]);
    const evidence = await evidenceOf(named[0]!.id);
    expect([...new Set(evidence.map((e) => e.integration))].sort()).toEqual(integrations.map((c) => c.id).sort());
    expect([...new Set(evidence.map((e) => e.kind))]).toEqual(expect.arrayContaining(['mail', 'event', 'message']));
    expect(evidence.some((e) => ['contact', 'account', 'lead', 'opportunity'].includes(e.kind))).toBe(true);
  });

  it('nobody with an address has a second node by another id', async () => {
    expect(await ask(sql`select name, count(*) from graph_nodes where tenant_id = ${tenant.tenantId} and node_type = 'person' and key like ${`%@${HOME}`} group by name having count(*) > 1`)).toEqual([]);
    expect(await ask(sql`select s.key from graph_nodes s join graph_nodes p on p.tenant_id = s.tenant_id and p.node_type = 'person' and p.name = s.name and p.key like ${`%@${HOME}`}
       where s.tenant_id = ${tenant.tenantId} and s.node_type = 'person' and s.key not like '%@%'`)).toEqual([]);
  });

  it('contacts are joined to the people of the mails, accounts to the companies of the addresses', async () => {
    expect(await edgesOf('RELATES_TO', 'contact', 'person')).toBeGreaterThan(3);
    expect(await edgesOf('WORKS_AT', 'contact', 'account')).toBeGreaterThan(3);
    const [joined] = await ask<{ people: number; companies: number }>(sql`
      select count(distinct p.id) filter (where p.node_type = 'person')::int as people, count(distinct p.id) filter (where p.node_type = 'organization')::int as companies
        from graph_edges x join graph_nodes c on c.tenant_id = x.tenant_id and c.id = x.source and c.node_type in ('contact', 'account') join graph_nodes p on p.tenant_id = x.tenant_id and p.id = x.target
       where x.tenant_id = ${tenant.tenantId} and x.edge_type = 'RELATES_TO'
         and exists (select from evidence e join records r on r.tenant_id = e.tenant_id and r.record_id = e.record_id and r.kind = 'mail' where e.tenant_id = p.tenant_id and e.target_id = p.id)`);
    expect(joined!.people).toBeGreaterThan(0);
    expect(joined!.companies).toBeGreaterThan(0);
  });

  it('a company goes by the name of its account, not by its domain, whatever came last', async () => {
    const companies = await ask<{ key: string; name: string }>(sql`
      select o.key, o.name from graph_nodes o join graph_edges x on x.tenant_id = o.tenant_id and x.target = o.id join graph_nodes a on a.tenant_id = x.tenant_id and a.id = x.source and a.node_type = 'account'
       where o.tenant_id = ${tenant.tenantId} and o.node_type = 'organization' and x.edge_type = 'RELATES_TO'`);
    expect(companies.length).toBeGreaterThan(0);
    for (const { key, name } of companies) expect(name).not.toBe(key);
  });

  it('chat has channels, answers and mentions between people of the mails', async () => {
    for (const [type, from, to] of [['POSTED_IN', 'person', 'channel'], ['MENTIONS', 'person', 'person'], ['REPLY_TO', 'person', 'person'], ['IN_THREAD', 'person', 'thread'], ['OWNS', 'person', 'contact'], ['RELATES_TO', 'opportunity', 'account']] as const) {
      expect(await edgesOf(type, from, to), `${from} ${type} ${to}`).toBeGreaterThan(0);
    }
  });
});
