/** A tenant's word on its secrets: all on until it says otherwise; whoever is no admin neither sees nor changes it; counts are read off the records. */
import { describe, expect, it } from 'vitest';
import { RedactionSettings, SECRET_KINDS } from '#contract/redaction';
import { call, newJob, newTenant, rows, type Tenant } from './visitor.ts';
import { newKey } from './sweep.ts';

const PATH = '/api/settings/redaction';
const put = (tenant: Tenant, body: object) => call('PUT', PATH, { key: tenant.key, body });
const settings = async (tenant: Tenant): Promise<RedactionSettings> => RedactionSettings.parse((await call('GET', PATH, { key: tenant.key })).body);
const isOn = async (tenant: Tenant) => Object.fromEntries((await settings(tenant)).patterns.map((one) => [one.name, one.is_on]));

describe('what is taken out of records', () => {
  it('is everything, as long as nobody says otherwise', async () => {
    expect(await settings(await newTenant())).toEqual({ patterns: SECRET_KINDS.map((name) => ({ name, is_on: true, found: 0, records: 0 })), changed_at: null });
  });

  it('is what the tenant says, and nobody else\'s', async () => {
    const tenant = await newTenant(), other = await newTenant();
    expect(RedactionSettings.parse((await put(tenant, { on: ['password', 'api_key', 'password'] })).body).patterns.filter((one) => one.is_on).map((one) => one.name)).toEqual(['api_key', 'password']);
    expect(await isOn(tenant)).toEqual({ private_key: false, api_key: true, password: true, card_number: false, ssn: false });
    expect(Object.values(await isOn(other))).toEqual([true, true, true, true, true]);
    const { changed_at } = await settings(tenant);
    await put(tenant, { on: ['api_key', 'password'] });
    expect((await settings(tenant)).changed_at, 'the same said again').toBe(changed_at);
    await put(tenant, { on: [...SECRET_KINDS] });
    expect(Object.values(await isOn(tenant))).toEqual([true, true, true, true, true]);
  });

  it('is counted over the records in memory, without those that are being erased', async () => {
    const tenant = await newTenant(), job = await newJob(tenant), ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    for (const [i, redacted] of [{ password: 2 }, { password: 1, ssn: 3 }, null].entries()) {
      await rows(`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_by_job, redacted)
        values ($1, $2, 'outlook', $3, 'mail', $4, 'mail', 'h', 't', 'p', now(), $5, $6::jsonb)`, tenant.id, ids[i]!, job.source_connection_id, String(i), job.job_id, redacted && JSON.stringify(redacted));
    }
    const counts = async () => (await settings(tenant)).patterns.filter((one) => one.found > 0).map(({ name, found, records }) => [name, found, records]);
    expect(await counts()).toEqual([['password', 3, 2], ['ssn', 3, 1]]);
    await rows('insert into erasing (tenant_id, record_id, erasure_id) values ($1, $2, $3)', tenant.id, ids[1]!, crypto.randomUUID());
    expect(await counts()).toEqual([['password', 2, 1]]);
  });

  it('is an admin\'s to see and to change', async () => {
    const tenant = await newTenant(), key = await newKey(tenant, ['read', 'sync']);
    for (const answer of [await call('GET', PATH, { key }), await call('PUT', PATH, { key, body: { on: [] } })]) expect(answer.status).toBe(403);
    expect(Object.values(await isOn(tenant))).toEqual([true, true, true, true, true]);
  });

  it.each([[{}], [{ on: ['iban'] }], [{ on: 'password' }], [{ on: [], off: ['ssn'] }]])('is not changed by %j', async (body) => {
    expect((await put(await newTenant(), body)).status).toBe(400);
  });
});
