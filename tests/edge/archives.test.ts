/** Files that people upload: streamed in, kept per tenant and connection, read by workers in ranges, gone when they are disconnected. */
import type { R2Bucket } from '@cloudflare/workers-types';
import { describe, expect, it } from 'vitest';
import { Connection, ConnectionsResponse, IntegrationsResponse } from '#contract/api';
import { Job } from '#contract/job';
import { ARCHIVE_PART_BYTES } from '#contract/limits';
import { archiveKey, storeArchive } from '#worker-api/archive-store';
import { signJobToken } from '#worker-api/tokens';
import { APP, call, claimed, env, get, newTenant, release, rows, signIn, worker, type Answer, type ErrorBody, type Tenant } from './visitor.ts';

const MB = 1 << 20;
const MAIL = 'From anna@nordwind.example Tue Jun 16 10:00:00 2026\nFrom: anna@nordwind.example\nDate: Tue, 16 Jun 2026 10:00:00 +0000\nMessage-ID: <1@nordwind.example>\nSubject: Hello\n\nText\n';

const upload = <T = Connection>(tenant: Pick<Tenant, 'key'>, raw: BodyInit | null = MAIL, query = 'integration_id=mbox&name=all.mbox', headers: Record<string, string> = {}): Promise<Answer<T>> =>
  call('POST', `/api/archives?${query}`, { key: tenant.key, headers, ...(raw === null ? {} : { raw }) });
async function uploaded(tenant: Tenant, raw: BodyInit = MAIL, query?: string): Promise<Connection> {
  const answer = await upload(tenant, raw, query);
  expect(answer.status, answer.text).toBe(201);
  return Connection.parse(answer.body);
}
const connections = async (tenant: Tenant): Promise<Connection[]> => ConnectionsResponse.parse((await call('GET', '/api/connections', { key: tenant.key })).body).connections;
const objectsOf = async (tenant: Tenant): Promise<string[]> => (await env.ARCHIVES.list({ prefix: `${tenant.id}/` })).objects.map(({ key }) => key);
const startOn = <T = Job>(tenant: Tenant, { connection_id }: Connection, body: object = {}, integration = 'mbox'): Promise<Answer<T>> =>
  call('POST', `/api/integrations/${integration}/historical-sync/start`, { key: tenant.key, body: { connection_id, ...body } });
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((b) => b.toString(16).padStart(2, '0')).join('');

/** A mailbox of this many bytes that comes into being while it is read. */
function generated(bytes: number, piece = 64 * 1024) {
  const line = new TextEncoder().encode('x'.repeat(63) + '\n'), head = new TextEncoder().encode(MAIL), made = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (made.bytes >= bytes) return controller.close();
      const next = new Uint8Array(Math.min(piece, bytes - made.bytes));
      for (let i = 0; i < next.length; i += line.length) next.set(line.subarray(0, Math.min(line.length, next.length - i)), i);
      if (made.bytes === 0) next.set(head.subarray(0, next.length));
      made.bytes += next.length;
      controller.enqueue(next);
    },
  });
  return { stream, made };
}

describe('the question before an upload', () => {
  const check = (tenant: Tenant, raw: BodyInit, query = 'integration_id=mbox&name=all.mbox&bytes=999'): Promise<Answer<ErrorBody>> => call('POST', `/api/archives/check?${query}`, { key: tenant.key, raw });

  it('is answered by the first bytes, and keeps nothing', async () => {
    const tenant = await newTenant();
    expect((await check(tenant, MAIL)).status).toBe(204);
    expect([await connections(tenant), await objectsOf(tenant)]).toEqual([[], []]);
  });

  it.each<[string, BodyInit, string | undefined, number, string]>([
    ['another kind of file', 'PK\x03\x04', undefined, 422, 'unprocessable'], ['one that is too large', MAIL, `integration_id=mbox&name=a.mbox&bytes=${99 * MB}`, 413, 'payload_too_large'],
    ['more than first bytes', 'x'.repeat(5_000), undefined, 413, 'payload_too_large'], ['an integration without files', MAIL, 'integration_id=outlook&name=a&bytes=9', 422, 'unprocessable'],
  ])('refuses %s as the upload would', async (_, raw, query, status, code) => {
    expect(await check(await newTenant(), raw, query)).toMatchObject({ status, body: { error: { code } } });
  });

  it('refuses a name whose file is being imported', async () => {
    const tenant = await newTenant();
    await startOn(tenant, await uploaded(tenant));
    expect(await check(tenant, MAIL)).toMatchObject({ status: 409, body: { error: { code: 'already_active' } } });
  });
});

describe('an upload', () => {
  it('becomes a connection that knows its file', async () => {
    const tenant = await newTenant(), made = await uploaded(tenant);
    const bytes = new TextEncoder().encode(MAIL) as Uint8Array<ArrayBuffer>;
    expect(made).toMatchObject({ integration_id: 'mbox', account: 'all.mbox', status: 'active', schedule: 'off', archive: { bytes: bytes.length, sha256: await sha256(bytes) } });
    expect(await connections(tenant)).toEqual([made]);
    expect(await (await env.ARCHIVES.get(archiveKey(tenant.id, made.connection_id)))!.text()).toBe(MAIL);
  });

  it('of 64 MB streams through in parts, and never more than two parts are on the way', async () => {
    const tenant = await newTenant(), { stream, made } = generated(64 * MB);
    let uploadedBytes = 0, heldMost = 0;
    // The real bucket, watched.
    const watched = { ...watch(env.ARCHIVES, (bytes) => { heldMost = Math.max(heldMost, made.bytes - uploadedBytes); uploadedBytes += bytes; }) };
    const stored = await storeArchive(watched as R2Bucket, `${tenant.id}/x`, stream, { bytesMax: 72 * MB, refuse: () => null });
    expect(stored.bytes).toBe(64 * MB);
    expect(uploadedBytes).toBe(64 * MB);
    expect(heldMost).toBeLessThanOrEqual(2 * ARCHIVE_PART_BYTES);
    expect(await env.ARCHIVES.head(`${tenant.id}/x`)).toMatchObject({ size: 64 * MB });
  });

  it('of 64 MB comes in by the front door as well, whole', async () => {
    const tenant = await newTenant(), made = await uploaded(tenant, generated(64 * MB).stream);
    expect(made.archive!.bytes).toBe(64 * MB);
    const object = await env.ARCHIVES.get(archiveKey(tenant.id, made.connection_id)), digest = new crypto.DigestStream('SHA-256');
    await (object!.body as unknown as ReadableStream).pipeTo(digest as unknown as WritableStream);
    expect([...new Uint8Array(await digest.digest)].map((b) => b.toString(16).padStart(2, '0')).join('')).toBe(made.archive!.sha256);
  });

  it('that is larger than the setting allows is refused, said beforehand or not, and leaves nothing', async () => {
    const tenant = await newTenant();
    const beforehand = await upload<ErrorBody>(tenant, MAIL, undefined, { 'content-length': String(73 * MB) }), streamed = await upload<ErrorBody>(tenant, generated(73 * MB).stream);
    for (const answer of [beforehand, streamed]) expect(answer, answer.text).toMatchObject({ status: 413, body: { error: { code: 'payload_too_large', message: expect.stringContaining('72 MB'), details: { bytes_max: 72 * MB } } } });
    expect(await connections(tenant)).toEqual([]);
    expect(await objectsOf(tenant)).toEqual([]);
  });

  it('that breaks off is put away, and says so', async () => {
    const tenant = await newTenant(), aborted: string[] = [];
    const { stream } = generated(20 * MB), reader = stream.getReader();
    const torn = new ReadableStream<Uint8Array>({ async pull(controller) { const next = await reader.read(); if (next.done) controller.error(new Error('the line is dead')); else controller.enqueue(next.value); } });
    const watched = { ...watch(env.ARCHIVES, () => undefined, () => aborted.push('aborted')) };
    await expect(storeArchive(watched as R2Bucket, `${tenant.id}/x`, torn, { bytesMax: 72 * MB, refuse: () => null })).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('broke off') });
    expect(aborted).toEqual(['aborted']);
    expect(await objectsOf(tenant)).toEqual([]);
  });

  it.each([
    ['of an integration that people sign in to', 'integration_id=outlook&name=a.mbox', MAIL, 422, 'Connect the account'],
    ['of an integration that nobody has', 'integration_id=fax&name=a.mbox', MAIL, 400, 'integration_id'],
    ['without a name', 'integration_id=mbox', MAIL, 400, 'name'],
    ['with a folder in its name', 'integration_id=mbox&name=..%2Fa.mbox', MAIL, 400, 'file name'],
    ['with nothing in it', 'integration_id=mbox&name=a.mbox', '', 422, 'empty'],
    ['of a zip as a mailbox', 'integration_id=mbox&name=a.mbox', 'PK\x03\x04..', 422, 'Unpack it'],
    ['of something else as a mailbox', 'integration_id=mbox&name=a.mbox', 'Dear diary, today', 422, 'not a mailbox'],
    ['of a mailbox as a calendar', 'integration_id=ics&name=a.ics', MAIL, 422, 'not a calendar'],
    ['of a mailbox as a Slack export', 'integration_id=slack_export&name=a.zip', MAIL, 422, 'not a zip'],
  ])('%s is refused with a sentence', async (_, query, raw, status, says) => {
    const tenant = await newTenant(), answer = await upload<ErrorBody>(tenant, raw, query);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.body.error.message).toContain(says);
    expect(await objectsOf(tenant)).toEqual([]);
    expect(await connections(tenant)).toEqual([]);
  });

  it('needs the scope sync, a key or session, and our own page', async () => {
    const reader = await newTenant(), person = await newTenant();
    await rows(`update api_keys set scopes = '{read}' where tenant_id = $1`, reader.id);
    expect(await upload(reader)).toMatchObject({ status: 403 });
    expect(await upload({ key: 'hs_nobody' })).toMatchObject({ status: 401 });
    const cookie = await signIn(person), send = (origin: string) => call('POST', '/api/archives?integration_id=mbox&name=a.mbox', { cookie, raw: MAIL, headers: { origin } });
    expect(await send('https://elsewhere.example')).toMatchObject({ status: 403 });
    expect(await send(APP)).toMatchObject({ status: 201 });
  });

  it('of the same name takes the place of the one before, under the same connection, but not while that is being imported', async () => {
    const tenant = await newTenant(), first = await uploaded(tenant), newer = `${MAIL}\n${MAIL.replace('<1@', '<2@')}`;
    const second = await uploaded(tenant, newer);
    expect(second.connection_id).toBe(first.connection_id);
    expect(second.archive!.bytes).toBe(newer.length);
    expect(await objectsOf(tenant)).toEqual([archiveKey(tenant.id, first.connection_id)]);
    const job = (await startOn(tenant, second)).body;
    expect(await upload(tenant)).toMatchObject({ status: 409, body: { error: { code: 'already_active', details: { job_id: job.job_id } } } });
    expect((await connections(tenant))[0]!.archive!.bytes).toBe(newer.length);
  });

  it('is offered with what to choose and how large it may be', async () => {
    const { integrations } = IntegrationsResponse.parse((await call('GET', '/api/integrations', { key: (await newTenant()).key })).body);
    const { connect, upload: how } = integrations.find((one) => one.integration_id === 'mbox')!;
    expect([connect, how]).toEqual(['upload', { in_words: expect.stringContaining('.mbox'), extensions: expect.arrayContaining(['.mbox']), bytes_max: 72 * MB }]);
    expect(integrations.find((one) => one.integration_id === 'outlook')).toMatchObject({ connect: 'oauth', upload: null });
  });
});

describe('an import', () => {
  it('reaches over everything in the file, as far as the plan does', async () => {
    const tenant = await newTenant('team'), free = await newTenant('free');
    const job = Job.parse((await startOn(tenant, await uploaded(tenant))).body), small = Job.parse((await startOn(free, await uploaded(free))).body);
    expect(Date.parse(job.start_date)).toBeLessThan(Date.UTC(1970, 0, 1));
    expect(Date.parse(job.end_date)).toBeGreaterThan(Date.UTC(2038, 0, 20));
    const months = (Date.now() - Date.parse(small.start_date)) / (30.44 * 86_400_000);
    expect(Math.round(months)).toBe(12);
    expect(await startOn(free, await uploaded(free, MAIL, 'integration_id=mbox&name=b.mbox'), { start_date: '2001-01-01' })).toMatchObject({ status: 403, body: { error: { code: 'plan_limit', details: { months_of_history: 12 } } } });
  });

  it('is started by start-all with its own range, beside accounts', async () => {
    const tenant = await newTenant(), { connection_id } = await uploaded(tenant);
    const answer = await call<{ outcomes: { connection_id: string; job: Job }[] }>('POST', '/api/integrations/historical-sync/start-all', { key: tenant.key, body: {} });
    expect(answer.body.outcomes).toMatchObject([{ connection_id, outcome: 'started' }]);
    expect(Date.parse(answer.body.outcomes[0]!.job.start_date)).toBeLessThan(Date.UTC(1970, 0, 1));
  });

  it('has nothing to bring up to date: no schedule, no sync now', async () => {
    const tenant = await newTenant(), { connection_id } = await uploaded(tenant);
    expect(await call('PUT', `/api/connections/${connection_id}/schedule`, { key: tenant.key, body: { every: 'daily' } })).toMatchObject({ status: 422, body: { error: { message: expect.stringContaining('Upload the newer one') } } });
    expect(await call('PUT', `/api/connections/${connection_id}/schedule`, { key: tenant.key, body: { every: 'off' } })).toMatchObject({ status: 200 });
    expect(await call('POST', `/api/connections/${connection_id}/sync`, { key: tenant.key })).toMatchObject({ status: 422 });
  });
});

describe('the workers\' door', () => {
  const read = async (token: string, range: string | null, query = ''): Promise<Response> =>
    worker.fetch(new Request(`${APP}/internal/archive/file${query}`, { headers: { authorization: `Bearer ${token}`, ...(range === null ? {} : { range }) } }));
  async function working(tenant: Tenant): Promise<{ token: string; jobId: string; connection: Connection }> {
    const connection = await uploaded(tenant), { job_id: jobId } = (await startOn(tenant, connection)).body;
    return { token: (await claimed(tenant, jobId)).token, jobId, connection };
  }

  it('gives parts of the file to the job\'s holder, with the whole\'s size and version', async () => {
    const { token } = await working(await newTenant());
    const part = await read(token, 'bytes=5-13');
    expect([part.status, await part.text()]).toEqual([206, MAIL.slice(5, 14)]);
    expect(part.headers.get('content-range')).toBe(`bytes 5-13/${MAIL.length}`);
    const version = part.headers.get('etag')!, rest = await read(token, `bytes=${MAIL.length - 5}-${MAIL.length + 100}`, `?version=${encodeURIComponent(version)}`);
    expect([rest.status, await rest.text(), rest.headers.get('content-range')]).toEqual([206, MAIL.slice(-5), `bytes ${MAIL.length - 5}-${MAIL.length - 1}/${MAIL.length}`]);
  });

  it('does not give a part of another file for that of this one', async () => {
    const { token } = await working(await newTenant());
    expect((await read(token, 'bytes=0-9', '?version=%22another%22')).status).toBe(410);
  });

  it('wants a range, and a token that is this job\'s, ours, and current', async () => {
    const tenant = await newTenant(), { token, jobId, connection } = await working(tenant);
    for (const range of [null, 'bytes=5-', 'bytes=9-5', 'bytes=-5', 'lines=1-2']) expect((await read(token, range)).status, String(range)).toBe(400);
    expect((await read(token, `bytes=${MAIL.length}-${MAIL.length + 9}`)).status).toBe(400);
    for (const wrong of [tenant.key, 'x', `${token}x`]) expect((await read(wrong, 'bytes=0-9')).status).toBe(401);
    expect((await read(await signJobToken(env, { tenant: tenant.id, job: jobId, connection: connection.connection_id, fence: 0, chunks: 0 }), 'bytes=0-9')).status, 'an older fence').toBe(409);
    await release(token, { kind: 'handed_back', crashed: false });
    expect((await read(token, 'bytes=0-9')).status, 'the lease is over').toBe(409);
  });

  it('shows one tenant\'s worker nothing of another\'s file, and lets nobody else disconnect it', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()];
    const { token } = await working(mine), other = await uploaded(theirs, MAIL.replace('Text', 'Secret'));
    expect(await (await read(token, 'bytes=0-9999')).text()).toBe(MAIL);
    expect(await call('DELETE', `/api/connections/${other.connection_id}`, { key: mine.key })).toMatchObject({ status: 404 });
    expect(await startOn(mine, other)).toMatchObject({ status: 404 });
    expect((await connections(mine)).map((c) => c.connection_id)).not.toContain(other.connection_id);
    expect(await objectsOf(theirs)).toHaveLength(1);
  });

  it('is shut, and the file gone, as soon as the file is disconnected; uploading it again is the same connection', async () => {
    const tenant = await newTenant(), { token, jobId, connection } = await working(tenant);
    expect(await call('DELETE', `/api/connections/${connection.connection_id}`, { key: tenant.key })).toMatchObject({ status: 200, body: { status: 'revoked', access: 'file_deleted', archive: null, message: expect.stringContaining('file was deleted') } });
    expect(await objectsOf(tenant)).toEqual([]);
    expect(await get(tenant, jobId)).toMatchObject({ status: 'paused', reason: 'connection_removed' });
    expect((await read(token, 'bytes=0-9')).status).toBe(409);
    expect((await call('DELETE', `/api/connections/${connection.connection_id}`, { key: tenant.key })).status, 'said twice').toBe(200);
    expect(await uploaded(tenant)).toMatchObject({ connection_id: connection.connection_id, status: 'active' });
    expect(await call('POST', `/api/integrations/historical-sync/jobs/${jobId}/resume`, { key: tenant.key })).toMatchObject({ status: 200 });
    expect(await (await read((await claimed(tenant, jobId)).token, 'bytes=0-3')).text()).toBe('From');
  });
});

/** The bucket's own calls, told of every part. */
function watch(bucket: R2Bucket, onPart: (bytes: number) => void, onAbort: () => void = () => undefined): Pick<R2Bucket, 'createMultipartUpload' | 'put'> {
  return {
    put: bucket.put.bind(bucket) as R2Bucket['put'],
    async createMultipartUpload(key, options) {
      const real = await bucket.createMultipartUpload(key, options);
      return {
        key: real.key, uploadId: real.uploadId, complete: (parts) => real.complete(parts), abort: () => { onAbort(); return real.abort(); },
        uploadPart: (no, value) => { onPart((value as Uint8Array).byteLength); return real.uploadPart(no, value); },
      };
    },
  };
}
