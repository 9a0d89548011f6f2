/** What a tenant hands us to keep: sealed, never told, given to a worker only while it holds a job of that tenant; and addresses that lead inside are refused. */
import { describe, expect, it } from 'vitest';
import { SecretsResponse } from '#contract/secrets';
import { outsideAddress } from '#worker-api/outside-address';
import { openVault } from '#worker-api/vault/seal';
import { call, claimed, env, fleetAnswers, heard, newJob, newTenant, release, rows, workerToken, type Answer, type Claim, type Tenant } from './visitor.ts';

const KEY = 'sk-test-only-0123456789abcdef';
const put = (tenant: Tenant, body: object, name = 'OPENAI_API_KEY'): Promise<Answer> => call('PUT', `/api/settings/secrets/${name}`, { key: tenant.key, body });
const modelKey = (claim: Pick<Claim, 'token'>): Promise<Answer> => call('POST', '/internal/model-key', { key: claim.token });

describe('a secret', () => {
  it('comes back as its name and last four letters only', async () => {
    const tenant = await newTenant();
    const told = await put(tenant, { value: KEY, base_url: 'https://models.example.com/v1/', model: 'small-1' });
    expect(told).toMatchObject({ status: 200, body: { name: 'OPENAI_API_KEY', last4: 'cdef', base_url: 'https://models.example.com/v1', model: 'small-1' } });
    const listed = await call('GET', '/api/settings/secrets', { key: tenant.key });
    expect(SecretsResponse.parse(listed.body).secrets).toEqual([told.body]);
    for (const { text } of [told, listed]) expect(text).not.toContain(KEY.slice(0, -4));
    expect(await rows('select 1 from tenant_secrets s where position($1 in s::text) > 0', KEY.slice(0, -4))).toEqual([]);
  });

  it('replaces the one before, and is gone when it is deleted', async () => {
    const tenant = await newTenant();
    await put(tenant, { value: KEY, model: 'small-1' });
    expect((await put(tenant, { value: `${KEY}-new1` })).body).toMatchObject({ last4: 'new1', model: null });
    expect((await call('DELETE', '/api/settings/secrets/OPENAI_API_KEY', { key: tenant.key })).status).toBe(204);
    expect((await call('DELETE', '/api/settings/secrets/OPENAI_API_KEY', { key: tenant.key })).status).toBe(404);
    expect((await call('GET', '/api/settings/secrets', { key: tenant.key })).body).toEqual({ secrets: [] });
  });

  it('that is short shows nothing of itself', async () => {
    expect((await put(await newTenant(), { value: 'sk-1234' })).body).toMatchObject({ last4: '' });
  });

  it.each(['openai_api_key', 'OpenAI_API_Key', 'OPENAI_KEY', 'AUTH_SECRET', 'OPENAI_API_KEY%20'])('has an exact name: %s is none', async (name) => {
    expect((await put(await newTenant(), { value: KEY }, name)).status).toBe(400);
  });

  it.each([['nothing', { value: '' }], ['two lines', { value: 'sk\r\nx-evil: 1' }], ['letters no header takes', { value: 'schlüssel' }], ['a model with spaces', { value: KEY, model: 'a b' }], ['an address for a client secret', { value: KEY, base_url: 'https://x.example.com' }, 'SLACK_CLIENT_SECRET'], ['another field', { value: KEY, last4: 'abcd' }]])('is refused with %s', async (_, body, name?: string) => {
    expect((await put(await newTenant(), body, name)).status).toBe(400);
  });

  it('does not open for another tenant or under another name', async () => {
    const [a, b] = [await newTenant(), await newTenant()];
    await put(a, { value: KEY });
    const [row] = await rows<{ sealed: string }>('select sealed from tenant_secrets where tenant_id = $1', a.id), vault = openVault(env.TOKEN_KEYS);
    expect((await vault.open(a.id, 'secret:OPENAI_API_KEY', row!.sealed)).text).toBe(KEY);
    await expect(vault.open(b.id, 'secret:OPENAI_API_KEY', row!.sealed)).rejects.toThrow(/does not open/);
    await expect(vault.open(a.id, 'secret:SLACK_CLIENT_SECRET', row!.sealed)).rejects.toThrow(/does not open/);
  });
});

describe('the model key', () => {
  it('is given to the holder of a job of that tenant, and to nobody whose lease is over', async () => {
    const tenant = await newTenant(), claim = await claimed(tenant, (await newJob(tenant)).job_id);
    expect(await modelKey(claim), 'no key, no enrichment').toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    await put(tenant, { value: KEY, base_url: 'https://models.example.com/v1', model: 'small-1' });
    expect(await modelKey(claim)).toMatchObject({ status: 200, body: { api_key: KEY, base_url: 'https://models.example.com/v1', model: 'small-1' } });
    await release(claim.token, { kind: 'handed_back', crashed: false });
    const late = await modelKey(claim);
    expect(late).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
    expect(late.text).not.toContain(KEY);
  });

  it('of one tenant is never another\'s', async () => {
    const [rich, poor] = [await newTenant(), await newTenant()];
    await put(rich, { value: KEY });
    expect((await modelKey(await claimed(poor, (await newJob(poor)).job_id))).status).toBe(404);
  });

  it('is not given to a plan without enrichment', async () => {
    const tenant = await newTenant('free');
    await put(tenant, { value: KEY });
    expect((await modelKey(await claimed(tenant, (await newJob(tenant)).job_id))).status).toBe(404);
  });

  it('is given to no key, no session and no made-up token', async () => {
    const tenant = await newTenant();
    for (const token of [tenant.key, 'x.y.z', '']) expect((await modelKey({ token })).status).toBe(401);
  });
});

describe('an embedding model', () => {
  const embeddingKey = async (body: object, key?: string): Promise<Answer> => call('POST', '/internal/embedding-key', { key: key ?? await workerToken(), body });
  const listed = async (tenant: Tenant) => (await call<{ secrets: { embedding_model: string | null; embedding: object | null }[] }>('GET', '/api/settings/secrets', { key: tenant.key })).body.secrets[0];

  it('is wished with the key, and shown with how far memory has its vectors; without one the vectors are the local ones', async () => {
    const tenant = await newTenant();
    expect((await put(tenant, { value: KEY })).body).toMatchObject({ embedding_model: null, embedding: null });
    expect(await rows('select 1 from embedders where tenant_id = $1', tenant.id), 'who wishes none leaves no row').toEqual([]);
    expect((await put(tenant, { value: KEY, base_url: 'https://models.example.com/v1', embedding_model: 'small-1' })).body).toMatchObject({ embedding_model: 'small-1', embedding: { model: 'small-1', is_used: false, done: 0, total: 0, message: null } });
    await rows(`update embedders set current = '{"id": "e1", "model": "small-1", "base_url": "https://models.example.com/v1", "dims": 4, "asked": null}', message = 'Wait.' where tenant_id = $1`, tenant.id);
    expect((await listed(tenant))!.embedding).toMatchObject({ model: 'small-1', is_used: true, message: 'Wait.' });
    await put(tenant, { value: KEY, base_url: 'https://elsewhere.example.com/v1', embedding_model: 'small-1' });
    expect((await listed(tenant))!.embedding, 'the same name elsewhere is another model').toMatchObject({ is_used: false, message: null });
    await call('DELETE', '/api/settings/secrets/OPENAI_API_KEY', { key: tenant.key });
    expect(await rows('select wanted_model, due_at <= now() as is_due from embedders where tenant_id = $1', tenant.id)).toEqual([{ wanted_model: null, is_due: true }]);
    expect((await put(tenant, { value: 'x', embedding_model: 'small-1' }, 'SLACK_CLIENT_SECRET')).status).toBe(400);
  });

  it('gets its key for a question of its tenant, or for whoever holds its vectors, and for nobody else', async () => {
    const tenant = await newTenant(), other = await newTenant();
    await put(tenant, { value: KEY, embedding_model: 'small-1' });
    await fleetAnswers('/search', { status: 200, body: { results: [], watermarks: [], took_ms: 1 } }, { status: 200, body: { results: [], watermarks: [], took_ms: 1 } });
    await call('GET', '/api/memory/search?q=x', { key: tenant.key });
    const { ticket } = JSON.parse((await heard('/search')).at(-1)!.body) as { ticket: string };
    expect(await embeddingKey({ ticket })).toMatchObject({ status: 200, body: { api_key: KEY } });
    await call('GET', '/api/memory/search?q=x', { key: other.key });
    expect((await embeddingKey({ ticket: (JSON.parse((await heard('/search')).at(-1)!.body) as { ticket: string }).ticket })).status, 'another tenant\'s question').toBe(404);
    for (const key of [tenant.key, ticket, 'x.y.z']) expect((await embeddingKey({ ticket }, key)).status).toBe(401);
    for (const forged of [`${ticket}x`, await workerToken()]) expect((await embeddingKey({ ticket: forged })).status).toBe(401);
    await rows(`update embedders set fence = 7, held_until = now() + interval '1 minute' where tenant_id = $1`, tenant.id);
    expect(await embeddingKey({ tenant_id: tenant.id, fence: 7 })).toMatchObject({ status: 200, body: { api_key: KEY } });
    for (const [id, fence] of [[tenant.id, 6], [tenant.id, 8], [other.id, 7]] as const) expect(await embeddingKey({ tenant_id: id, fence })).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
    await rows(`update embedders set held_until = now() where tenant_id = $1`, tenant.id);
    expect((await embeddingKey({ tenant_id: tenant.id, fence: 7 })).status).toBe(409);
  });
});

describe('an OAuth client of the tenant\'s own', () => {
  it('is used for its consent when id and secret are both there, the platform\'s otherwise', async () => {
    const tenant = await newTenant();
    const clientId = async (): Promise<string | null> => new URL((await call<{ authorize_url: string }>('POST', '/api/connections/outlook/authorize', { key: tenant.key })).body.authorize_url).searchParams.get('client_id');
    expect(await clientId()).toBe(env.MICROSOFT_CLIENT_ID);
    await put(tenant, { value: 'our-own-client' }, 'MICROSOFT_CLIENT_ID');
    expect(await clientId(), 'half of it').toBe(env.MICROSOFT_CLIENT_ID);
    await put(tenant, { value: 'our-own-secret' }, 'MICROSOFT_CLIENT_SECRET');
    expect(await clientId()).toBe('our-own-client');
  });

  it('that was taken away leaves its accounts to be reconnected: no other client may refresh what it was given', async () => {
    const tenant = await newTenant(), job = await newJob(tenant), claim = await claimed(tenant, job.job_id);
    const tokens = { accessToken: 'old', refreshToken: 'theirs', expiresAt: Date.now(), apiUrl: null, clientId: 'our-own-client' };
    await rows('update connections set sealed_tokens = $1 where id = $2', await openVault(env.TOKEN_KEYS).seal(tenant.id, 'oauth-tokens', JSON.stringify(tokens)), job.source_connection_id);
    expect(await call('POST', '/internal/credentials', { key: claim.token, body: { rejected: null } })).toMatchObject({ status: 409, body: { error: { code: 'needs_reauth', message: expect.stringContaining('not configured any more') } } });
    expect(await rows('select status from connections where id = $1', job.source_connection_id)).toEqual([{ status: 'needs_reauth' }]);
  });
});

describe('base_url', () => {
  it.each(['https://api.openai.com/v1', 'https://models.example.com', 'https://models.example.com:8443/openai/v1/', 'https://EXAMPLE.com/v1'])('takes %s', (url) => {
    expect(outsideAddress(url, false)).toBe(url.replace('EXAMPLE', 'example').replace(/\/$/, ''));
  });

  it.each([
    'http://models.example.com/v1', 'ftp://models.example.com', 'https://127.0.0.1/v1', 'http://127.0.0.1:11434/v1', 'https://localhost/v1', 'https://localhost./v1', 'https://0x7f.1/', 'https://2130706433/', 'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data', 'https://[::1]/', 'https://[fdaa::3]/', 'https://[::ffff:127.0.0.1]/', 'https://1.1.1.1/', 'https://app.internal/', 'https://top1.nearest.of.app.internal./', 'https://printer.local/', 'https://intranet/', 'https://x.home.arpa/',
    'https://user:pass@models.example.com/', 'https://models.example.com/v1?next=x', 'https://models.example.com/#x', 'https://', 'javascript:alert(1)',
  ])('refuses %s', (url) => {
    expect(() => outsideAddress(url, false)).toThrow(/base_url/);
  });

  it('may be this machine where the environment says so, and nothing else inside', () => {
    for (const url of ['http://127.0.0.1:11434/v1', 'http://localhost:1234', 'http://[::1]:8080/v1']) expect(outsideAddress(url, true)).toBe(url);
    for (const url of ['http://10.0.0.1/', 'http://localhost.evil.example.com/', 'https://app.internal/', 'file://localhost/etc/passwd']) expect(() => outsideAddress(url, true)).toThrow(/base_url/);
  });

  it('is looked at by the route', async () => {
    expect(await put(await newTenant(), { value: KEY, base_url: 'https://169.254.169.254/' })).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
  });
});

describe('the test of a model key', () => {
  const PATH = '/model/chat/completions', ok = { choices: [{ message: { role: 'assistant', content: 'OK' } }] };
  const tested = (tenant: Tenant): Promise<Answer> => call('POST', '/api/settings/model/test', { key: tenant.key });

  it('asks the model that is kept, with the key that is kept, and says that it answers', async () => {
    const tenant = await newTenant();
    await put(tenant, { value: KEY, model: 'small-1' });
    await fleetAnswers(PATH, { status: 200, body: ok });
    expect(await tested(tenant)).toMatchObject({ status: 200, body: { works: true, message: 'small-1 answers.', model: 'small-1' } });
    const [asked] = await heard(PATH);
    expect(asked!.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.parse(asked!.body)).toMatchObject({ model: 'small-1' });
  });

  it.each<[string, { status: number; body?: unknown }, RegExp]>([
    ['a refused key', { status: 401, body: { error: { message: `Incorrect API key provided: ${KEY}` } } }, /refused the key/],
    ['an unknown model', { status: 404 }, /knows no model "gpt/],
    ['no quota', { status: 429, body: { error: { code: 'insufficient_quota' } } }, /no quota left/],
    ['too many questions', { status: 429 }, /asks us to wait/],
    ['a question it does not take', { status: 400 }, /did not take the question \(400\)/],
    ['a failure', { status: 500 }, /failed \(500\)/],
    ['something else than a model', { status: 200, body: { hello: KEY } }, /not that of a model/],
    ['a way on', { status: 307 }, /sends us on/],
    ['nobody there', { status: 0 }, /did not answer/],
  ])('says in words what is wrong: %s, and never repeats the key', async (_, answer, words) => {
    const tenant = await newTenant();
    await put(tenant, { value: KEY });
    await fleetAnswers(PATH, answer);
    const { status, body, text } = await tested(tenant);
    expect({ status, body }).toMatchObject({ status: 200, body: { works: false, message: expect.stringMatching(words) } });
    expect(text).not.toContain(KEY);
    await heard(PATH);
  });

  it('needs a key, and somebody who may see the settings', async () => {
    expect((await tested(await newTenant())).status).toBe(404);
    expect((await call('POST', '/api/settings/model/test')).status).toBe(401);
  });
});
