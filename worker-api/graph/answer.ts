/** What the graph's statements have in common: one JSON document as the answer, the node that is asked for, the shapes of rows. */
import { sql, type SQL } from 'drizzle-orm';
import { ApiError } from '#contract/errors';
import type { Database } from '#migrations/database';
import { uuidOr404 } from '../route.ts';

/** One statement whose only column `answer` is JSON text. Null: it found nothing. Throws DatabaseError. */
export async function ask<T>(db: Database, tenantId: string, statement: SQL): Promise<T | null> {
  const [rows] = await db.tenant(tenantId, [statement]);
  const answer = rows?.[0]?.answer;
  return typeof answer === 'string' ? JSON.parse(answer) as T : null;
}

/** The node that stands for this id: itself, or what it was merged into. An id that cannot be one of ours is refused with 404. */
export const rootOf = (tenantId: string, id: string): SQL => {
  const node = uuidOr404(id);
  return sql`coalesce((select m.root_id from node_merges m where m.tenant_id = ${tenantId} and m.id = ${node}::uuid), ${node}::uuid)`;
};

/** Is it a node, itself or by what was merged into it? What a relation leads to may be a thing whose type is not active. */
export const isNode = (tenantId: string, root: SQL): SQL => sql`coalesce((select true from graph_nodes n where n.tenant_id = ${tenantId} and n.id = ${root}),
  exists (select from node_merges m join graph_nodes n on n.tenant_id = ${tenantId} and n.id = m.id where m.tenant_id = ${tenantId} and m.root_id = ${root}))`;

export const noSuchNode = (): ApiError => new ApiError('not_found', 'There is no such node in the graph. Check the id.');

/** A moment, or null for "as it is now". */
export const moment = (asOf: string | undefined): SQL => sql`${asOf ?? null}::timestamptz`;

/** Rows of graph_cards as EntityRef; of graph_relations as Relation. */
export const entity = (alias: string): SQL => sql.raw(`'id', ${alias}.id, 'node_type', ${alias}.node_type, 'key', ${alias}.key, 'name', ${alias}.name`);
export const relation = (alias: string): SQL => sql.raw(`'id', ${alias}.id, 'source', ${alias}.source, 'edge_type', ${alias}.edge_type, 'target', ${alias}.target, 'weight', ${alias}.weight,
  'first_seen', iso(${alias}.first_seen), 'last_seen', iso(${alias}.last_seen), 'valid_from', iso(${alias}.first_seen), 'valid_to', iso(${alias}.valid_to)`);
/** Rows of `evidence v join records r` as EvidenceRef. */
export const evidenceRef = sql.raw(`json_build_object('record_id', r.record_id, 'title', r.title, 'occurred_at', iso(r.occurred_at), 'integration_id', r.integration_id, 'url', r.url, 'method', v.method, 'confidence', v.confidence)`);
/** Evidence and its record, of which there is always one. */
export const evidenceOfRecords = (tenantId: string): SQL => sql`evidence v join records r on r.tenant_id = ${tenantId} and r.record_id = v.record_id`;

/** An array of names, or null when none are given. */
export const namesOrNull = (names: string[]): SQL => (names.length === 0 ? sql`null::text[]` : sql`${`{${names.join(',')}}`}::text[]`);
