/** What tenants hand us to keep: sealed when it comes in, opened only for its use, never told again. */
import { sql } from 'drizzle-orm';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { SECRET_LAST4_FROM_CHARS } from '#contract/limits';
import { MODEL_KEY_NAME, type Secret, type SecretName } from '#contract/secrets';
import type { Row } from '#migrations/database';
import { tenantDatabase, utc } from './database.ts';
import type { Env } from './env.ts';
import { outsideAddress } from './outside-address.ts';
import { serve, type App } from './route.ts';
import { openVault } from './vault/seal.ts';

/** Sealed for its name: moved to another name or tenant, it does not open. */
export const secretPurpose = (name: SecretName): string => `secret:${name}`;

export function serveSecrets(app: App): void {
  serve(app, routes.listSecrets, async ({ env, principal: { tenantId } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${columns} from tenant_secrets where tenant_id = ${tenantId} order by name`]);
    return { secrets: (rows ?? []).map(toSecret) };
  });

  serve(app, routes.putSecret, async ({ env, principal: { tenantId, name: who }, params: { name }, body: { value, base_url, model } }) => {
    if (name !== MODEL_KEY_NAME && (base_url ?? model) !== undefined) throw new ApiError('bad_request', `base_url and model belong to ${MODEL_KEY_NAME} only.`);
    const address = base_url === undefined ? null : outsideAddress(base_url, env.ALLOW_LOOPBACK === '1');
    const sealed = await openVault(env.TOKEN_KEYS).seal(tenantId, secretPurpose(name), value);
    const last4 = value.length >= SECRET_LAST4_FROM_CHARS ? value.slice(-4) : '';
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
      insert into tenant_secrets (tenant_id, name, sealed, last4, base_url, model, updated_by) values (${tenantId}, ${name}, ${sealed}, ${last4}, ${address}, ${model ?? null}, ${who})
      on conflict (tenant_id, name) do update set sealed = excluded.sealed, last4 = excluded.last4, base_url = excluded.base_url, model = excluded.model, updated_by = excluded.updated_by, updated_at = now()
      returning ${columns}`]);
    return toSecret(rows![0]!);
  });

  serve(app, routes.deleteSecret, async ({ env, principal: { tenantId }, params: { name } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`delete from tenant_secrets where tenant_id = ${tenantId} and name = ${name} returning name`]);
    if (rows?.length !== 1) throw new ApiError('not_found', `No ${name} is kept for you.`);
    return null;
  });
}

const columns = sql`name, last4, base_url, model, ${utc('updated_at')} as updated_at`;
const toSecret = ({ name, last4, base_url, model, updated_at }: Row): Secret => ({ name, last4, base_url, model, updated_at }) as Secret;

export interface OpenSecret { value: string; baseUrl: string | null; model: string | null }

/** The tenant's own values, of those names that it has handed us. What was sealed under an older key is sealed anew on the way. */
export async function readSecrets(env: Env, tenantId: string, names: SecretName[]): Promise<Map<SecretName, OpenSecret>> {
  const db = tenantDatabase(env), vault = openVault(env.TOKEN_KEYS);
  const [rows] = await db.tenant(tenantId, [sql`select name, sealed, base_url, model from tenant_secrets where tenant_id = ${tenantId} and name = any(${`{${names.join(',')}}`}::text[])`]);
  const open = new Map<SecretName, OpenSecret>();
  for (const { name, sealed, base_url, model } of (rows ?? []) as unknown as { name: SecretName; sealed: string; base_url: string | null; model: string | null }[]) {
    const { text, stale } = await vault.open(tenantId, secretPurpose(name), sealed);
    if (stale) await db.tenant(tenantId, [sql`update tenant_secrets set sealed = ${await vault.seal(tenantId, secretPurpose(name), text)} where tenant_id = ${tenantId} and name = ${name} and sealed = ${sealed}`]);
    open.set(name, { value: text, baseUrl: base_url, model });
  }
  return open;
}
