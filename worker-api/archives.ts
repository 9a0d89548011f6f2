/** Files that people upload: each becomes a connection, which is started like any other. The file comes as the request's body and goes on to storage as it comes. */
import { sql } from 'drizzle-orm';
import { routes, type Connection } from '#contract/api';
import type { Connector, Upload } from '#contract/connector';
import { ApiError } from '#contract/errors';
import type { IntegrationId } from '#contract/job';
import { ARCHIVE_HEAD_BYTES, ARCHIVES_PER_TENANT_MAX } from '#contract/limits';
import { connectorOf } from '#fly-worker/connectors/index';
import { archiveKey, bytesMaxOf, storeArchive, tooLarge, type Stored } from './archive-store.ts';
import { readBytes } from './body.ts';
import { connectionColumns, toConnection } from './connections.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { serve, type App } from './route.ts';

export function serveArchives(app: App): void {
  serve(app, routes.checkArchive, async ({ env, principal: { tenantId }, query: { integration_id, name, bytes }, context }) => {
    const { upload } = uploadable(integration_id), bytesMax = bytesMaxOf(env);
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    const trouble = upload.refuse(await readBytes(context.req.raw, ARCHIVE_HEAD_BYTES));
    if (trouble !== null) throw new ApiError('unprocessable', trouble);
    await placeFor(env, tenantId, integration_id, name);
    return null;
  });

  serve(app, routes.uploadArchive, async ({ env, principal: { tenantId }, query: { integration_id, name }, context }) => {
    const { upload } = uploadable(integration_id), bytesMax = bytesMaxOf(env), { body, headers } = context.req.raw;
    if (Number(headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
    if (!body) throw new ApiError('bad_request', 'The request brings no file. Send its bytes as the body.');
    const connectionId = await placeFor(env, tenantId, integration_id, name);
    const storing = storeArchive(env.ARCHIVES, archiveKey(tenantId, connectionId), body as ReadableStream<Uint8Array>, { bytesMax, refuse: upload.refuse });
    // Also when the person goes away in the middle, what was begun is put away.
    context.executionCtx.waitUntil(storing.catch(() => undefined));
    return keep(env, tenantId, { connectionId, integrationId: integration_id, name }, await storing);
  });
}

function uploadable(id: IntegrationId): Connector & { upload: Upload } {
  const connector = connectorOf(id);
  if (!connector?.upload) throw new ApiError('unprocessable', `${connector?.title ?? 'This integration'} is not connected by uploading a file. Connect the account instead.`);
  return connector as Connector & { upload: Upload };
}

/** The id of the connection that the file belongs to: a new one, or that of the file with the same name, in whose place it comes. Throws ApiError `already_active`, `plan_limit`. */
async function placeFor(env: Env, tenantId: string, integrationId: IntegrationId, name: string): Promise<string> {
  const [found] = await tenantDatabase(env).tenant(tenantId, [sql`
    select (select id::text from connections where tenant_id = ${tenantId} and integration_id = ${integrationId} and account = ${name}) as id,
           (select j.id::text from historical_sync_jobs j join connections c on c.tenant_id = j.tenant_id and c.id = j.source_connection_id
             where c.tenant_id = ${tenantId} and c.integration_id = ${integrationId} and c.account = ${name} and j.status in ('pending', 'running')) as job,
           (select count(*)::int from archives where tenant_id = ${tenantId}) as archives`]);
  const { id, job, archives } = found![0] as { id: string | null; job: string | null; archives: number };
  if (job !== null) throw new ApiError('already_active', 'The file of this name is being imported. Wait for that job or cancel it, then upload the newer one.', { details: { job_id: job } });
  if (id === null && archives >= ARCHIVES_PER_TENANT_MAX) throw new ApiError('plan_limit', `There are ${archives} files already, and no more than ${ARCHIVES_PER_TENANT_MAX} are kept. Disconnect one that was imported; its memory stays.`);
  return id ?? crypto.randomUUID();
}

interface Place { connectionId: string; integrationId: IntegrationId; name: string }

/** The file is there; now it is somebody's. Two uploads of one name at the same time: the first to be here stays. */
async function keep(env: Env, tenantId: string, { connectionId, integrationId, name }: Place, { bytes, sha256 }: Stored): Promise<Connection> {
  const id = sql`${connectionId}::uuid`;
  const [kept, , rows] = await tenantDatabase(env).tenant(tenantId, [
    sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${id}, ${integrationId}, ${name})
        on conflict (tenant_id, integration_id, account) do update set status = 'active', updated_at = now() where connections.id = excluded.id returning id`,
    sql`insert into archives (tenant_id, connection_id, bytes, sha256) select tenant_id, id, ${bytes}::bigint, ${sha256} from connections where tenant_id = ${tenantId} and id = ${id}
        on conflict (tenant_id, connection_id) do update set bytes = excluded.bytes, sha256 = excluded.sha256, uploaded_at = now()`,
    sql`select ${connectionColumns} from connections c where tenant_id = ${tenantId} and id = ${id}`,
  ]);
  if (!kept?.[0] || !rows?.[0]) {
    await env.ARCHIVES.delete(archiveKey(tenantId, connectionId));
    throw new ApiError('already_active', 'Another file of this name was uploaded at the same moment, and stays. Upload this one again if it is the newer one.');
  }
  return toConnection(rows[0]);
}
