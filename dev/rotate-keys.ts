/**
 * `npm run rotate-keys`: seals everything anew under the first key of TOKEN_KEYS, batch by batch, and says what is left under older ones.
 * Asks the front desk at APP_URL (else the house on this machine), in the name of OPERATOR_SECRET (else of .dev/secrets.json). Ends with 1 while something is left.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SignJWT } from 'jose';
import { z } from 'zod';

const Thing = z.object({ tenant_id: z.string(), kind: z.string(), id: z.string() });
const Answer = z.object({
  current_key: z.string(), looked_at: z.int(), next: Thing.nullable(), unopened: z.array(Thing),
  left: z.array(z.object({ key_id: z.string(), kind: z.string(), count: z.int() })),
});
type Answer = z.infer<typeof Answer>;

function secret(): string {
  if (process.env.OPERATOR_SECRET) return process.env.OPERATOR_SECRET;
  const file = join(resolve(import.meta.dirname, '..', process.env.HSYNC_DIR ?? '.dev'), 'secrets.json');
  const found = existsSync(file) ? z.object({ operator: z.string() }).safeParse(JSON.parse(readFileSync(file, 'utf8'))) : null;
  if (!found?.success) throw new Error('Set OPERATOR_SECRET to the secret that the Worker has under this name, and APP_URL to where it answers.');
  return found.data.operator;
}

async function batch(after: Answer['next']): Promise<Answer> {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setAudience('operator').setIssuedAt().setExpirationTime('60s').sign(new TextEncoder().encode(secret()));
  const url = `${(process.env.APP_URL ?? `http://127.0.0.1:${process.env.HSYNC_PORT ?? 8787}`).replace(/\/+$/, '')}/internal/rotate-keys`;
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ after }), signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}. What was done stays done; run it again.`);
  return Answer.parse(await response.json());
}

const unopened: Answer['unopened'] = [];
let answer: Answer, resealed = 0, after: Answer['next'] = null;
do {
  answer = await batch(after);
  unopened.push(...answer.unopened);
  resealed += answer.looked_at - answer.unopened.length;
  after = answer.next;
} while (after !== null);

console.log(`${resealed} sealed anew under ${answer.current_key}.`);
for (const { tenant_id, kind, id } of unopened) console.log(`Does not open: the ${kind} ${id} of tenant ${tenant_id}. Its key is not in TOKEN_KEYS, or it was changed.`);
for (const { key_id, kind, count } of answer.left) console.log(`Left under ${key_id}: ${count} ${kind}${count === 1 ? '' : 's'}.`);
console.log(answer.left.length === 0 ? `Nothing is left under older keys: they can be taken out of TOKEN_KEYS.` : 'Keep the old keys in TOKEN_KEYS and run this again.');
process.exit(answer.left.length === 0 ? 0 : 1);
