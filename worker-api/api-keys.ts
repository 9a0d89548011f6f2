/** API keys: 32 random bytes, told once, of which a hash is kept. A key can do no more than its maker, and holds until it expires, is revoked, or its maker leaves. */
import { sql } from 'drizzle-orm';
import type { ApiKey, Scope } from '#contract/accounts';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { API_KEYS_MAX } from '#contract/limits';
import type { Row } from '#migrations/database';
import { API_KEY_PREFIX, keyHash } from './auth.ts';
import { signInDatabase, utc } from './database.ts';
import { serve, type App } from './route.ts';
import { toBase64Url } from './vault/seal.ts';

/** Letters of a key that stay readable: its prefix and four of 43. */
const SHOWN = API_KEY_PREFIX.length + 4;

export function serveApiKeys(app: App): void {
  serve(app, routes.listApiKeys, async ({ env, principal: { tenantId } }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`select ${columns} from api_keys k left join users u on u.id = k.created_by where k.tenant_id = ${tenantId} order by k.created_at, k.id limit ${API_KEYS_MAX}`]);
    return { keys: (rows ?? []).map(toApiKey) };
  });

  serve(app, routes.createApiKey, async ({ env, principal: { tenantId, userId, scopes: own }, body: { name, scopes, expires_in_days } }) => {
    const beyond = scopes.filter((scope) => !own.has(scope));
    if (beyond.length > 0) throw new ApiError('forbidden', `You cannot give a key what you may not do yourself: ${beyond.join(', ')}.`);
    const key = `${API_KEY_PREFIX}${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
    const [, rows] = await signInDatabase(env).tenant(tenantId, [
      sql`select id from tenants where id = ${tenantId} for update`,
      sql`with k as (
            insert into api_keys (tenant_id, id, name, prefix, hash, scopes, created_by, expires_at)
            select ${tenantId}, ${crypto.randomUUID()}, ${name}, ${key.slice(0, SHOWN)}, ${await keyHash(key)}, ${`{${scopes.join(',')}}`}::text[], ${userId}, now() + make_interval(days => ${expires_in_days ?? null}::int)
             where (select count(*) from api_keys where tenant_id = ${tenantId}) < ${API_KEYS_MAX} returning *)
          select ${columns} from k left join users u on u.id = k.created_by`,
    ]);
    const row = rows?.[0];
    if (!row) throw new ApiError('unprocessable', `A tenant has at most ${API_KEYS_MAX} API keys. Revoke one first.`);
    return { ...toApiKey(row), key };
  });

  serve(app, routes.revokeApiKey, async ({ env, principal: { tenantId }, params }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`delete from api_keys where tenant_id = ${tenantId} and id = ${params.key_id} returning id`]);
    if (rows?.length !== 1) throw new ApiError('not_found', 'There is no such API key.');
    return null;
  });
}

const columns = sql`k.id, k.name, k.prefix, array_to_string(k.scopes, ',') as scopes, u.id as user_id, u.name as maker,
  ${utc('k.created_at')} as created_at, ${utc('k.expires_at')} as expires_at, ${utc('k.last_used_at')} as last_used_at`;
const toApiKey = (row: Row): ApiKey => ({
  key_id: String(row.id), name: String(row.name), prefix: String(row.prefix), scopes: String(row.scopes).split(',') as Scope[],
  created_by: row.user_id === null ? null : { user_id: String(row.user_id), name: String(row.maker) },
  created_at: String(row.created_at), expires_at: row.expires_at as string | null, last_used_at: row.last_used_at as string | null,
});
