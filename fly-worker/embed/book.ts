/** What stands in Postgres of tenants' own embedders: what is wished, used and being filled, which records have vectors, and who works on it. Everything behind the runner's fence. */
import { sql, type SQL } from 'drizzle-orm';
import { EMBED_BATCH_RECORDS, EMBED_DROP_AFTER_MS, EMBED_HOLD_MS, EMBED_TENANTS_MAX, EMBED_TOKENS_PER_TOKEN } from '#contract/limits';
import { modelTokensPerMonth } from '#contract/plans';
import type { Database } from '#migrations/database';
import { thisMonth } from '#migrations/quota';
import { plain, quoted } from '../chunk.ts';
import { unnest } from '../ledger.ts';
import { Chosen, type Wish } from './chosen.ts';

/** A tenant in hand. `wish` null: the local vectors. `tokensLeft`: of this month. */
export interface Claimed { tenantId: string; fence: number; wish: Wish | null; current: Chosen | null; next: Chosen | null; tokensLeft: number; isDropDue: boolean }
export interface Version { recordId: string; contentHash: string }

/** Somebody else works on it by now. */
export class EmbedFenced extends Error { override name = 'EmbedFenced'; }

const hold = sql`now() + make_interval(secs => ${EMBED_HOLD_MS}::float8 / 1000)`;
const mine = ({ tenantId, fence }: Pick<Claimed, 'tenantId' | 'fence'>): SQL => sql`tenant_id = ${tenantId} and fence = ${fence}::bigint`;
const json = (chosen: Chosen | null): SQL => sql`${chosen === null ? null : JSON.stringify(chosen)}::jsonb`;

export async function tenantsDue(db: Database): Promise<string[]> {
  const [rows] = await db.system([sql`select tenant_id from tenants_to_embed(${EMBED_TENANTS_MAX}::int)`]);
  return (rows ?? []).map((row) => String(row.tenant_id));
}

/** Null: another worker has it, or nothing is to do any more. Throws DatabaseError. */
export async function claimTenant(db: Database, tenantId: string): Promise<Claimed | null> {
  const [rows] = await db.tenant(tenantId, [sql`
    update embedders e set fence = e.fence + 1, held_until = ${hold}, tokens = case when e.month = ${thisMonth} then e.tokens else 0 end, month = ${thisMonth}
      from tenants t where e.tenant_id = ${tenantId} and t.id = e.tenant_id and e.due_at <= now() and (e.held_until is null or e.held_until <= now())
    returning e.fence::float8 as fence, e.wanted_model, e.wanted_base_url, e.current::text as current, e.next::text as next, coalesce(e.drop_at <= now(), false) as is_drop_due,
      (coalesce(t.model_tokens_per_month, (${JSON.stringify(modelTokensPerMonth)}::jsonb ->> t.plan)::bigint) * ${EMBED_TOKENS_PER_TOKEN}::int - e.tokens)::float8 as tokens_left`]);
  const row = rows?.[0];
  if (!row) return null;
  const chosen = (value: unknown): Chosen | null => (value === null ? null : Chosen.parse(JSON.parse(String(value))));
  return {
    tenantId, fence: Number(row.fence), wish: row.wanted_model === null ? null : { model: String(row.wanted_model), base_url: row.wanted_base_url as string | null },
    current: chosen(row.current), next: chosen(row.next), tokensLeft: Number(row.tokens_left), isDropDue: row.is_drop_due === true,
  };
}

/** Runs one change behind the fence. Throws EmbedFenced, DatabaseError. */
async function change(db: Database, claimed: Claimed, what: SQL): Promise<void> {
  const [rows] = await db.tenant(claimed.tenantId, [sql`update embedders set ${what}, updated_at = now() where ${mine(claimed)} returning 1`]);
  if (rows?.length !== 1) throw new EmbedFenced('Another worker fills this tenant\'s vectors.');
}

export const renew = (db: Database, claimed: Claimed): Promise<void> => change(db, claimed, sql`held_until = ${hold}`);
/** What is being filled from now on; what was, is dropped later. */
export const setNext = (db: Database, claimed: Claimed, next: Chosen | null): Promise<void> => change(db, claimed, sql`next = ${json(next)}, message = null, drop_at = ${later}`);
/** Back to the local vectors, which are always there. */
export const setLocal = (db: Database, claimed: Claimed): Promise<void> => change(db, claimed, sql`current = null, next = null, message = null, drop_at = ${later}`);
const later = sql`now() + make_interval(secs => ${EMBED_DROP_AFTER_MS}::float8 / 1000)`;
/** Lets go. `afterMs` null: until somebody asks. `message`: what stands in the way; null: nothing. A wish of people meanwhile keeps its due moment. */
export const letGo = (db: Database, claimed: Claimed, afterMs: number | null, message: string | null): Promise<void> =>
  change(db, claimed, sql`held_until = null, message = ${message}::text, due_at = case
    when (wanted_model, wanted_base_url) is distinct from (${claimed.wish?.model ?? null}::text, ${claimed.wish?.base_url ?? null}::text) then now()
    when drop_at is not null then least(drop_at, ${afterMs === null ? sql`'infinity'` : sql`now() + make_interval(secs => ${afterMs}::float8 / 1000)`})
    else ${afterMs === null ? sql`'infinity'::timestamptz` : sql`now() + make_interval(secs => ${afterMs}::float8 / 1000)`} end`);

/** The next records behind `after` whose version has no vectors of this embedder. Throws DatabaseError. */
export async function unembedded(db: Database, tenantId: string, embedderId: string, after: string): Promise<Version[]> {
  const [rows] = await db.tenant(tenantId, [sql`
    select r.record_id::text as "recordId", r.content_hash as "contentHash" from records r left join embedded e on e.tenant_id = r.tenant_id and e.record_id = r.record_id and e.embedder_id = ${embedderId}
     where r.tenant_id = ${tenantId} and r.record_id > ${after}::uuid and e.content_hash is distinct from r.content_hash order by r.record_id limit ${EMBED_BATCH_RECORDS}`]);
  return (rows ?? []) as unknown as Version[];
}

/** These have vectors now. Answers those that still stand in the ledger so: the others were edited or forgotten meanwhile. Throws EmbedFenced, DatabaseError. */
export async function bookEmbedded(db: Database, claimed: Claimed, embedderId: string, versions: readonly Version[], tokens: number): Promise<Set<string>> {
  const columns = [plain(versions.map((v) => v.recordId)), quoted(versions.map((v) => v.contentHash))];
  const [rows] = await db.tenant(claimed.tenantId, [sql`
    with gate as (update embedders set held_until = ${hold}, tokens = tokens + ${tokens}::bigint, message = null, updated_at = now() where ${mine(claimed)} returning tenant_id),
    booked as (
      insert into embedded (tenant_id, record_id, embedder_id, content_hash)
      select gate.tenant_id, r.record_id, ${embedderId}, r.content_hash from gate join records r on r.tenant_id = gate.tenant_id join ${unnest(columns, 'uuid', 'text')} as x(id, hash) on x.id = r.record_id and x.hash = r.content_hash
       order by r.record_id on conflict (tenant_id, record_id, embedder_id) do update set content_hash = excluded.content_hash returning record_id)
    select gate.tenant_id, booked.record_id::text as id from gate left join booked on true`], 'shared');
  if (!rows?.[0]) throw new EmbedFenced('Another worker fills this tenant\'s vectors.');
  return new Set(rows.flatMap((row) => (row.id === null ? [] : String(row.id))));
}

/** Searches use what was filled, from this statement on: under the tenant's exclusive lock, so that no commit is under way, and only if every record has its vectors. False: some have not. Throws EmbedFenced, DatabaseError. */
export async function switchOver(db: Database, claimed: Claimed, next: Chosen): Promise<boolean> {
  const [rows] = await db.tenant(claimed.tenantId, [sql`
    with gate as (select tenant_id from embedders where ${mine(claimed)} for update),
    switched as (
      update embedders e set current = e.next, next = null, message = null, drop_at = ${later}, held_until = ${hold}, updated_at = now() from gate
       where e.tenant_id = gate.tenant_id and e.next ->> 'id' = ${next.id}
         and not exists (select from records r left join embedded d on d.tenant_id = r.tenant_id and d.record_id = r.record_id and d.embedder_id = ${next.id} where r.tenant_id = gate.tenant_id and d.content_hash is distinct from r.content_hash)
      returning 1)
    select (select count(*)::int from gate) as held, (select count(*)::int from switched) as switched`], 'exclusive');
  if (Number(rows?.[0]?.held) !== 1) throw new EmbedFenced('Another worker fills this tenant\'s vectors.');
  return Number(rows![0]!.switched) === 1;
}

/** Nobody searches the others any more. Throws EmbedFenced, DatabaseError. */
export async function forgetOthers(db: Database, claimed: Claimed, kept: readonly string[]): Promise<void> {
  await change(db, claimed, sql`drop_at = null`);
  await db.tenant(claimed.tenantId, [sql`delete from embedded where tenant_id = ${claimed.tenantId} and embedder_id <> all(${quoted([...kept])}::text[])`]);
}

/** There is news in the tenant's memory: whoever looks next finds it. Throws DatabaseError. */
export async function ring(db: Database, tenantId: string): Promise<void> {
  await db.tenant(tenantId, [sql`update embedders set due_at = least(due_at, now()) where tenant_id = ${tenantId} and wanted_model is not null and message is null`]);
}
