/** How often one may try: counted in Postgres, one statement a limit, so that every isolate counts the same attempts. Nothing readable is kept of whom. */
import { sql, type SQL } from 'drizzle-orm';
import { ApiError } from '#contract/errors';
import { SIGN_IN_ATTEMPTS_MAX, SIGN_IN_PER_ACCOUNT_MAX, SIGN_IN_PER_IP_MAX, SIGN_IN_WINDOW_SECONDS, SIGN_UP_PER_IP_MAX, SIGN_UP_WINDOW_SECONDS } from '#contract/limits';
import { keyHash } from './auth.ts';
import { signInDatabase } from './database.ts';
import type { Env } from './env.ts';

/** At most `most` attempts within the window that the first of them opened. */
interface Limit { name: string; of: string; most: number; windowSeconds: number }

/** Widest first: whoever counts several locks their rows in one order. */
export const signInLimits = (request: Request, email: string): Limit[] => [
  { name: 'sign-in-ip', of: ipOf(request), most: SIGN_IN_PER_IP_MAX, windowSeconds: SIGN_IN_WINDOW_SECONDS },
  { name: 'sign-in-account', of: email, most: SIGN_IN_PER_ACCOUNT_MAX, windowSeconds: SIGN_IN_WINDOW_SECONDS },
  { name: 'sign-in', of: `${ipOf(request)} ${email}`, most: SIGN_IN_ATTEMPTS_MAX, windowSeconds: SIGN_IN_WINDOW_SECONDS },
];
export const signUpLimits = (request: Request): Limit[] => [{ name: 'sign-up', of: ipOf(request), most: SIGN_UP_PER_IP_MAX, windowSeconds: SIGN_UP_WINDOW_SECONDS }];
export const passwordLimits = (userId: string): Limit[] => [{ name: 'password', of: userId, most: SIGN_IN_ATTEMPTS_MAX, windowSeconds: SIGN_IN_WINDOW_SECONDS }];

/** Counts one attempt. Throws ApiError `rate_limited`, with the time until the window ends, when it is one too many. */
export async function countAttempt(env: Env, limits: Limit[]): Promise<void> {
  const keys = await Promise.all(limits.map(keyOf));
  const counted = await signInDatabase(env).system(limits.map((limit, i) => count(keys[i]!, limit)));
  const waits = limits.flatMap(({ most }, i) => {
    const { attempts, seconds_left } = counted[i]![0] as { attempts: number; seconds_left: number };
    return attempts > most ? [seconds_left] : [];
  });
  if (waits.length > 0) throw new ApiError('rate_limited', `Too many attempts. Try again in ${inWords(Math.max(...waits))}.`, { retryAfterSeconds: Math.max(...waits) });
}

/** A success: whoever knows the password was not guessing. Attempts from the same address at other accounts still count. */
export async function forgetAttempts(env: Env, limits: Limit[]): Promise<void> {
  const keys = await Promise.all(limits.filter((l) => l.name !== 'sign-in-ip').map(keyOf));
  await signInDatabase(env).system([sql`delete from rate_limits where key in (${sql.join(keys.map((key) => sql`${key}`), sql`, `)})`]);
}

/** Windows and sessions that are over. */
export async function sweepSignIns(env: Env): Promise<void> {
  const longestMs = Math.max(SIGN_IN_WINDOW_SECONDS, SIGN_UP_WINDOW_SECONDS) * 1000;
  await signInDatabase(env).system([sql`delete from rate_limits where last_request < ${nowMs} - ${longestMs}::bigint`, sql`delete from sessions where expires_at < now()`]);
}

/** The clock is Postgres's: isolates do not agree to the millisecond. */
const nowMs = sql`(extract(epoch from now()) * 1000)::bigint`;

/** `last_request` is when the window began. The id is any: were it the key, two first attempts at once would meet there, where nothing says what to do about it. */
function count(key: string, { windowSeconds }: Limit): SQL {
  const over = sql`r.last_request <= ${nowMs} - ${windowSeconds * 1000}::bigint`;
  return sql`
    insert into rate_limits as r (id, key, count, last_request) values (gen_random_uuid()::text, ${key}, 1, ${nowMs})
    on conflict (key) do update set count = case when ${over} then 1 else r.count + 1 end, last_request = case when ${over} then ${nowMs} else r.last_request end
    returning r.count as attempts, greatest(1, ceil((r.last_request + ${windowSeconds * 1000}::bigint - ${nowMs}) / 1000.0))::int as seconds_left`;
}

const keyOf = async ({ name, of }: Limit): Promise<string> => `${name}:${await keyHash(of)}`;
const inWords = (seconds: number): string => (seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`);

/** The caller's address as Cloudflare saw it. One home has one IPv6 network (/64), so that counts as one. */
function ipOf(request: Request): string {
  const ip = request.headers.get('cf-connecting-ip') ?? 'unknown';
  if (!ip.includes(':')) return ip;
  const [head = '', tail = ''] = ip.toLowerCase().split('::');
  const left = head.split(':').filter(Boolean), right = tail.split(':').filter(Boolean);
  const groups = ip.includes('::') ? [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right] : left;
  return groups.slice(0, 4).map((g) => g.padStart(4, '0')).join(':');
}
