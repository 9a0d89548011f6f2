/** The eleven tests that the seed names (seeds/implementation.txt, phase 6), under those names: every security boundary of the job routes, on the real Worker and a real Postgres. */
import { describe, expect, it } from 'vitest';
import { JobsListResponse } from '#contract/api';
import { Job } from '#contract/job';
import { act, call, claimed, get, heard, newConnection, newJob, newTenant, release, row, rows, signIn, start, until, type ErrorBody, type Tenant } from './visitor.ts';

const JOBS = '/api/integrations/historical-sync/jobs', START = '/api/integrations/outlook/historical-sync/start', OF_OUTLOOK = '/api/integrations/outlook/historical-sync/jobs';
const jobsOf = async (tenant: Tenant): Promise<number> => (await rows('select from historical_sync_jobs where tenant_id = $1', tenant.id)).length;
/** Without any sign-in, and with signs of a sign-in that nobody gave. */
const strangers = [{}, { key: 'hs_made-up' }, { key: 'x' }, { cookie: 'hsync.session_token=made-up' }];

describe('the job routes', () => {
  it('test_start_sync_unauthorized', async () => {
    const tenant = await newTenant(), body = { connection_id: await newConnection(tenant) };
    for (const stranger of strangers) expect(await call('POST', START, { ...stranger, body })).toMatchObject({ status: 401, body: { error: { code: 'unauthenticated' } } });
    await rows(`update api_keys set scopes = '{read}' where tenant_id = $1`, tenant.id);
    expect(await call('POST', START, { key: tenant.key, body }), 'a key that may only read').toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    expect(await jobsOf(tenant)).toBe(0);
  });

  it('test_start_sync_validates_tenant', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()];
    const connection = await newConnection(theirs);
    const [foreign, unknown] = [await start(mine, connection), await start(mine, crypto.randomUUID())];
    expect(foreign).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    expect(foreign.text, 'a foreign connection is as unknown as any').toBe(unknown.text);
    expect((await call('POST', START, { key: mine.key, body: { connection_id: connection, tenant_id: theirs.id } })).status, 'the tenant never comes from the body').toBe(400);
    expect([await jobsOf(mine), await jobsOf(theirs)]).toEqual([0, 0]);
  });

  it('test_start_sync_enforces_rate_limit', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const jobs = [await newJob(tenant), await newJob(tenant), await newJob(tenant)];
    const fourth = await newConnection(tenant), refused = await start<ErrorBody>(tenant, fourth);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'too_many_jobs' } } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await start(other, await newConnection(other))).status, 'another tenant is not affected').toBe(201);
    const { token } = await claimed(tenant, jobs[0]!.job_id);
    await release(token, { kind: 'failed', reason: 'forbidden', message: 'No.' });
    expect((await start(tenant, fourth)).status, 'one has ended').toBe(201);
  });

  it('test_start_sync_success', async () => {
    const tenant = await newTenant(), cookie = await signIn(tenant);
    await heard();
    const answer = await call('POST', START, { cookie, headers: { origin: 'http://app.test' }, body: { connection_id: await newConnection(tenant), priority: 'high', chunk_size: 50 } });
    expect(answer.status).toBe(201);
    const job = Job.parse(answer.body);
    expect(job).toMatchObject({ status: 'pending', reason: 'queued', integration_id: 'outlook', priority: 'high', chunk_size: 50, progress_percentage: 0 });
    expect(await get(tenant, job.job_id)).toMatchObject({ job_id: job.job_id });
    expect(await row(job.job_id)).toMatchObject({ status: 'pending' });
    await until(async () => { expect(await heard(), 'somebody is told to look').not.toEqual([]); });
  });

  it('test_list_jobs_unauthorized', async () => {
    for (const stranger of strangers) for (const path of [JOBS, OF_OUTLOOK]) expect(await call('GET', path, stranger)).toMatchObject({ status: 401, body: { error: { code: 'unauthenticated' } } });
  });

  it('test_list_jobs_filters_by_tenant', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()];
    const [job] = [await newJob(mine), await newJob(theirs), await newJob(theirs)];
    for (const path of [JOBS, OF_OUTLOOK, `${JOBS}?status=pending`, `${JOBS}?tenant_id=${theirs.id}`]) {
      const { jobs, total } = JobsListResponse.parse((await call('GET', path, { key: mine.key })).body);
      expect({ total, ids: jobs.map((j) => j.job_id) }, path).toEqual({ total: 1, ids: [job.job_id] });
    }
  });

  it('test_list_jobs_paginates', async () => {
    const tenant = await newTenant(), ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { job_id } = await newJob(tenant);
      ids.unshift(job_id);
      await act(tenant, job_id, 'cancel');
    }
    const page = async (query: string) => JobsListResponse.parse((await call('GET', `${OF_OUTLOOK}${query}`, { key: tenant.key })).body);
    const seen: string[] = [];
    for (const offset of [0, 2, 4, 6]) {
      const { jobs, ...counts } = await page(`?limit=2&offset=${offset}`);
      expect(counts).toEqual({ total: 5, limit: 2, offset });
      seen.push(...jobs.map((j) => j.job_id));
    }
    expect(seen, 'every job once, newest first').toEqual(ids);
    for (const wrong of ['?limit=0', '?limit=101', '?offset=-1', '?limit=two']) expect((await call('GET', `${OF_OUTLOOK}${wrong}`, { key: tenant.key })).status, wrong).toBe(400);
  });

  it('test_get_job_requires_ownership', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()], { job_id } = await newJob(theirs);
    const [foreign, unknown] = [await call('GET', `${JOBS}/${job_id}`, { key: mine.key }), await call('GET', `${JOBS}/${crypto.randomUUID()}`, { key: mine.key })];
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    expect((await get(theirs, job_id)).job_id).toBe(job_id);
  });

  it('test_cancel_job_requires_ownership', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()], { job_id } = await newJob(theirs);
    const [foreign, unknown] = [await act(mine, job_id, 'cancel'), await act(mine, crypto.randomUUID(), 'cancel')];
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    expect((await row(job_id)).status).toBe('pending');
    expect((await act(theirs, job_id, 'cancel')).body).toMatchObject({ status: 'cancelled', reason: 'user_cancelled' });
  });

  it('test_resume_job_only_for_failed_paused', async () => {
    const tenant = await newTenant(), job = await newJob(tenant), resume = () => act<ErrorBody>(tenant, job.job_id, 'resume');
    const refused = async (status: string): Promise<void> => { expect(await resume(), status).toMatchObject({ status: 409, body: { error: { code: 'invalid_state', details: { status } } } }); };
    await refused('pending');
    const { token } = await claimed(tenant, job.job_id);
    await refused('running');
    await release(token, { kind: 'failed', reason: 'forbidden', message: 'No.' });
    expect(await resume()).toMatchObject({ status: 200, body: { status: 'pending', reason: 'resumed' } });
    await act(tenant, job.job_id, 'pause');
    expect(await resume()).toMatchObject({ status: 200, body: { status: 'pending', reason: 'resumed' } });
    await act(tenant, job.job_id, 'cancel');
    await refused('cancelled');
  });

  it('test_resume_job_requires_ownership', async () => {
    const [mine, theirs] = [await newTenant(), await newTenant()], { job_id } = await newJob(theirs);
    await act(theirs, job_id, 'pause');
    const [foreign, unknown] = [await act(mine, job_id, 'resume'), await act(mine, crypto.randomUUID(), 'resume')];
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    expect((await row(job_id)).status).toBe('paused');
    expect((await act(theirs, job_id, 'resume')).status).toBe(200);
  });
});
