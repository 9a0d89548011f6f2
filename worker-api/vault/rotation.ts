/**
 * Key rotation: put a new key first in TOKEN_KEYS, deploy, run `npm run rotate-keys`, take the old key out. Everything opens under either key meanwhile.
 * What is done is read off the data itself (each sealed text names its key), so it can be broken off anywhere and begun again.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { ROTATE_AT_ONCE } from '#contract/limits';
import { SecretName } from '#contract/secrets';
import { readJson } from '../body.ts';
import { signInDatabase, tenantDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import type { App } from '../route.ts';
import { readSecrets } from '../secrets.ts';
import { checkOperator } from '../tokens.ts';
import { vaultName, VERIFIER_PURPOSE } from './connection-vault.ts';
import { openVault, SealError } from './seal.ts';

/** One sealed thing, by name. `consent`: an OAuth verifier on its way, gone within minutes by itself. */
const Thing = z.object({ tenant_id: z.string(), kind: z.enum(['connection', 'secret', 'consent']), id: z.string() });
type Thing = z.infer<typeof Thing>;
const RotateBody = z.object({ after: Thing.nullable() });

export function serveRotation(app: App): void {
  app.post('/internal/rotate-keys', async ({ env, req, json }) => {
    await checkOperator(env, req.raw);
    const { after } = RotateBody.parse(await readJson(req.raw));
    const { currentKey } = openVault(env.TOKEN_KEYS);
    const things = await staleThings(env, currentKey, after), unopened: Thing[] = [];
    for (const thing of things) if (!await reseal(env, thing)) unopened.push(thing);
    const [left] = await signInDatabase(env).system([sql`select key_id, kind, count(*)::int as count from sealed_things() where key_id <> ${currentKey} group by 1, 2 order by 1, 2`]);
    return json({ current_key: currentKey, looked_at: things.length, next: things.length < ROTATE_AT_ONCE ? null : things.at(-1), unopened, left });
  });
}

async function staleThings(env: Env, currentKey: string, after: Thing | null): Promise<Thing[]> {
  const { tenant_id, kind, id } = after ?? { tenant_id: '', kind: '', id: '' };
  const [rows] = await signInDatabase(env).system([sql`
    select tenant_id, kind, id from sealed_things() where key_id <> ${currentKey} and (tenant_id, kind, id) > (${tenant_id}::text, ${kind}::text, ${id}::text) order by tenant_id, kind, id limit ${ROTATE_AT_ONCE}`]);
  return z.array(Thing).parse(rows);
}

/** False: it does not open, so the key it was sealed with must not be taken out, or is gone already. */
async function reseal(env: Env, { tenant_id: tenantId, kind, id }: Thing): Promise<boolean> {
  // Its object alone writes its tokens: a refresh on its way must not be overtaken.
  if (kind === 'connection') return env.CONNECTION_VAULT.getByName(vaultName(tenantId, id)).reseal();
  try {
    // Reading a secret seals it anew.
    await (kind === 'secret' ? readSecrets(env, tenantId, [SecretName.parse(id)]) : resealVerifier(env, tenantId, id));
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

async function resealVerifier(env: Env, tenantId: string, stateHash: string): Promise<void> {
  const db = tenantDatabase(env), vault = openVault(env.TOKEN_KEYS);
  const [rows] = await db.tenant(tenantId, [sql`select sealed_verifier as sealed from oauth_states where tenant_id = ${tenantId} and state_hash = ${stateHash}`]);
  const sealed = rows?.[0]?.sealed;
  if (typeof sealed !== 'string') return;
  const { text } = await vault.open(tenantId, VERIFIER_PURPOSE, sealed);
  await db.tenant(tenantId, [sql`update oauth_states set sealed_verifier = ${await vault.seal(tenantId, VERIFIER_PURPOSE, text)} where tenant_id = ${tenantId} and state_hash = ${stateHash} and sealed_verifier = ${sealed}`]);
}
