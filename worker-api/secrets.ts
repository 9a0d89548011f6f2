/** What tenants hand us to keep: sealed when it comes in, opened only for its use, never told again. */
import { sql, type SQL } from 'drizzle-orm';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { SECRET_LAST4_FROM_CHARS } from '#contract/limits';
import { MODEL_KEY_NAME, type EmbeddingState, type Secret, type SecretName } from '#contract/secrets';
import type { Row } from '#migrations/database';
import { tenantDatabase, utc } from './database.ts';
import type { Env } from './env.ts';
import { outsideAddress } from './outside-address.ts';
import { serve, type App } from './route.ts';
import { openVault } from './vault/seal.ts';

/** Sealed for its name: moved to another name or tenant, it does not open. */
const secretPurpose = (name: SecretName): string => `secret:${name}`;

export function serveSecrets(app: App): void {
  serve(app, routes.listSecrets, async ({ env, principal: { tenantId } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${columns} from tenant_secrets where tenant_id = ${tenantId} order by name`]);
    return { secrets: (rows ?? []).map(toSecret) };
  });

  serve(app, routes.putSecret, async ({ env, principal: { tenantId, name: who }, params: { name }, body: { value, base_url, model, embedding_model } }) => {
    if (name !== MODEL_KEY_NAME && (base_url ?? model ?? embedding_model) !== undefined) throw new ApiError('bad_request', `base_url, model and embedding_model belong to ${MODEL_KEY_NAME} only.`);
    const address = base_url === undefined ? null : outsideAddress(base_url, env.ALLOW_LOOPBACK === '1');
    const sealed = await openVault(env.TOKEN_KEYS).seal(tenantId, secretPurpose(name), value);
    const last4 = value.length >= SECRET_LAST4_FROM_CHARS ? value.slice(-4) : '';
    const wish = name === MODEL_KEY_NAME ? [wishFor(tenantId, embedding_model ?? null, address)] : [];
    const rows = (await tenantDatabase(env).tenant(tenantId, [...wish, sql`
      insert into tenant_secrets (tenant_id, name, sealed, last4, base_url, model, embedding_model, updated_by) values (${tenantId}, ${name}, ${sealed}, ${last4}, ${address}, ${model ?? null}, ${embedding_model ?? null}, ${who})
      on conflict (tenant_id, name) do update set sealed = excluded.sealed, last4 = excluded.last4, base_url = excluded.base_url, model = excluded.model, embedding_model = excluded.embedding_model, updated_by = excluded.updated_by, updated_at = now()
      returning ${columns}`])).at(-1);
    return toSecret(rows![0]!);
  });

  serve(app, routes.deleteSecret, async ({ env, principal: { tenantId }, params: { name } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`delete from tenant_secrets where tenant_id = ${tenantId} and name = ${name} returning name`, ...name === MODEL_KEY_NAME ? [wishFor(tenantId, null, null)] : []]);
    if (rows?.length !== 1) throw new ApiError('not_found', `No ${name} is kept for you.`);
    return null;
  });
}

/** Which embedding model the tenant's memory is to have; a worker looks at it at once, also when only the key is new. Who never wished one leaves no row. */
const wishFor = (tenantId: string, model: string | null, address: string | null): SQL => sql`
  insert into embedders (tenant_id, wanted_model, wanted_base_url) select ${tenantId}, ${model}::text, ${address}::text where ${model}::text is not null or exists (select from embedders where tenant_id = ${tenantId})
  on conflict (tenant_id) do update set wanted_model = excluded.wanted_model, wanted_base_url = excluded.wanted_base_url, due_at = now(), message = null, updated_at = now()`;

const embedding = sql`(
  select jsonb_build_object('model', e.wanted_model, 'is_used', coalesce(e.current ->> 'model' = e.wanted_model and e.current ->> 'base_url' is not distinct from e.wanted_base_url, false), 'message', e.message,
           'done', (select count(*) from embedded d join records r on r.tenant_id = d.tenant_id and r.record_id = d.record_id and r.content_hash = d.content_hash where d.tenant_id = e.tenant_id and d.embedder_id = coalesce(e.next, e.current) ->> 'id'
             and coalesce(e.next, e.current) ->> 'model' = e.wanted_model),
           'total', (select count(*) from records r where r.tenant_id = e.tenant_id))::text
    from embedders e where e.tenant_id = tenant_secrets.tenant_id and tenant_secrets.name = ${MODEL_KEY_NAME} and e.wanted_model is not null)`;
const columns = sql`name, last4, base_url, model, embedding_model, ${embedding} as embedding, ${utc('updated_at')} as updated_at`;
const toSecret = ({ name, last4, base_url, model, embedding_model, embedding: state, updated_at }: Row): Secret => ({ name, last4, base_url, model, embedding_model, embedding: state === null ? null : JSON.parse(String(state)) as EmbeddingState, updated_at }) as Secret;

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
