/** The front desk: every request comes in here. Thin: routes, errors as one shape, the socket's upgrade, the queue. */
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { serveActivity } from './activity.ts';
import { serveApiKeys } from './api-keys.ts';
import { serveArchives } from './archives.ts';
import { serveConnections } from './connections.ts';
import { tenantDatabase } from './database.ts';
import { serveDeadLetters } from './dead-letters.ts';
import { serveDocs } from './docs.ts';
import { answerBells, lookEveryMinute, type Bell } from './doorbell.ts';
import { serveEntityTypes } from './entity-types.ts';
import type { Env } from './env.ts';
import { serveErasing } from './erasing.ts';
import { serveFleet } from './fleet.ts';
import { serveGraph } from './graph/routes.ts';
import { serveInvitations } from './invitations.ts';
import { findJob, objectOf, serveJobs } from './jobs.ts';
import { serveJobStory } from './job-story.ts';
import { serveMcp } from './mcp/server.ts';
import { serveMe } from './me.ts';
import { serveMembers } from './members.ts';
import { serveModelTest } from './model-test.ts';
import { serveMemory } from './memory.ts';
import { serveMetrics } from './metrics.ts';
import { admit, type App } from './route.ts';
import { serveSchedule } from './schedule.ts';
import { serveRedaction } from './redaction.ts';
import { serveSecrets } from './secrets.ts';
import { serveSignIn } from './sign-in.ts';
import { serveStart } from './start.ts';
import { serveRotation } from './vault/rotation.ts';
import { limitVisitors } from './visitor-limit.ts';
import { serveWorkerDoor } from './worker-door.ts';

export { SyncJob } from '#durable-objects/sync-job';
export { WorkerFleet } from './fleet.ts';
export { ConnectionVault } from './vault/connection-vault.ts';

/** Two years, as the browsers' lists of https-only names want it. Said over http it means nothing. */
const HSTS = 'max-age=63072000; includeSubDomains';

const app: App = new Hono<{ Bindings: Env }>();
// Nothing that the desk answers is a page, but for /docs, which brings its own policy: whatever a browser makes of an answer, nothing in it runs, loads or is framed.
const headers = secureHeaders({ overwrite: false, contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] }, xFrameOptions: 'DENY', strictTransportSecurity: HSTS });
// An upgrade's answer belongs to the job's object and cannot be changed. No page can ask for one but by a socket, which shows it nothing else.
app.use((context, next) => (context.req.header('upgrade')?.toLowerCase() === 'websocket' ? next() : headers(context, next)));
app.use(limitVisitors);

app.get('/healthz', ({ json }) => json({ ok: true }));
// Without Postgres no request can be answered: 503 until it is back.
app.get('/readyz', async ({ env, json }) => {
  await tenantDatabase(env).system([sql`select 1`]);
  return json({ ok: true });
});

serveMe(app);
serveSignIn(app);
serveMembers(app);
serveInvitations(app);
serveApiKeys(app);
serveSecrets(app);
serveRedaction(app);
serveModelTest(app);
serveStart(app);
serveSchedule(app);
serveJobs(app);
serveJobStory(app);
serveDeadLetters(app);
serveConnections(app);
serveArchives(app);
serveMemory(app);
serveErasing(app);
serveGraph(app);
serveEntityTypes(app);
serveActivity(app);
serveDocs(app);
serveMcp(app, (error) => logFailure('POST', '/mcp', error));
serveFleet(app);
serveWorkerDoor(app);
serveRotation(app);
serveMetrics(app, (error) => logFailure('GET', '/internal/metrics', error));

app.get('/ws/historical-sync/:job_id', async ({ env, req }) => {
  if (req.header('upgrade')?.toLowerCase() !== 'websocket') throw new ApiError('bad_request', 'This address speaks WebSocket only.');
  const { tenantId } = await admit(routes.getJob.scope, req.raw, env);
  const { jobId } = await findJob(env, tenantId, req.param('job_id'));
  return objectOf(env, tenantId, jobId).fetch(req.raw);
});

app.notFound((context) => context.json(new ApiError('not_found', 'There is nothing at this address.').body(), 404));

app.onError((error, context) => {
  const known = error instanceof ApiError ? error : error.name === 'ZodError' || error instanceof SyntaxError ? new ApiError('bad_request', 'The request is not as expected.') : null;
  const answer = known ?? (error.name === 'DatabaseError' && 'kind' in error && error.kind === 'unavailable'
    ? new ApiError('unavailable', 'The database does not answer right now. Try again in a moment.', { retryAfterSeconds: 5 })
    : new ApiError('internal', 'Something broke on our side. Try again; if it stays, tell us when it happened.'));
  if (!known) logFailure(context.req.method, new URL(context.req.url).pathname, error);
  if (answer.retryAfterSeconds !== null) context.header('Retry-After', String(answer.retryAfterSeconds));
  return context.json(answer.body(), answer.status as 400);
});

function logFailure(method: string, path: string, error: unknown): void {
  console.error(JSON.stringify({ event: 'request_failed', method, path, error: String(error) }));
}

export default {
  fetch: app.fetch,
  queue: (batch: MessageBatch<Bell>, env: Env) => answerBells(batch, env),
  scheduled: (_event: ScheduledController, env: Env) => lookEveryMinute(env),
} satisfies ExportedHandler<Env, Bell>;
