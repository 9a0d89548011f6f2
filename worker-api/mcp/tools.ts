/** The tools that an agent is given, one entry each: what it takes, what it answers with. They ask the very functions that the routes ask. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Scope } from '#contract/accounts';
import { StartSyncRequest } from '#contract/api';
import { ContextAnswer, ContextRequest } from '#contract/context';
import { ApiError } from '#contract/errors';
import { NeighborsQuery, NodesQuery } from '#contract/graph';
import type { IntegrationId } from '#contract/job';
import { NEIGHBORS_DEPTH_MAX, NEIGHBORS_LIMIT_DEFAULT, NEIGHBORS_LIMIT_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX, TIMELINE_RECORDS_DEFAULT, TOOL_JOBS_SHOWN } from '#contract/limits';
import { SearchAnswer, SearchQuery } from '#contract/memory';
import { watermarksOf } from '#migrations/watermarks';
import type { Principal } from '../auth.ts';
import { tenantDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { neighborsOf } from '../graph/neighbors.ts';
import { findNodes } from '../graph/nodes.ts';
import { timelineOf } from '../graph/timeline.ts';
import { findJob, jobsWhere } from '../jobs.ts';
import { askMemory } from '../memory.ts';
import { uuidOr404 } from '../route.ts';
import { startOne } from '../start.ts';

export interface Caller { env: Env; principal: Principal }
export interface Tool { title: string; description: string; scope: Scope; input: z.ZodObject; run(caller: Caller, args: never): Promise<object> }
/** Ties a tool's input to what it is run with. */
const tool = <T extends z.ZodObject>(definition: Omit<Tool, 'input' | 'run'> & { input: T; run(caller: Caller, args: z.output<T>): Promise<object> }): Tool => definition;

// Queries of the API are words; here numbers are numbers, so that an agent is told so.
const upTo = (most: number, unless: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(most).default(unless);
const NodeId = z.string().max(200).describe('Id of an entity, as another tool gave it');
const Moment = SearchQuery.shape.from;

export const tools: Record<string, Tool> = {
  search_memory: tool({
    title: 'Search memory', scope: 'read', input: SearchQuery.extend({ limit: upTo(SEARCH_LIMIT_MAX, SEARCH_LIMIT_DEFAULT) }),
    description: 'Records (mails, events, messages, CRM rows) that match, best first, with a snippet and the entities they mention. Words, names, addresses and numbers are found as such; meaning, too.',
    async run({ env, principal }, query) {
      const { results, watermarks } = await askMemory(env, 'search', principal.tenantId, { query }, SearchAnswer);
      return { results: results.map((result, i) => ({ citation: i + 1, ...result })), citations: cited(results), watermarks };
    },
  }),
  get_context: tool({
    title: 'Get context', scope: 'read', input: z.object(ContextRequest.shape),
    description: 'What to read about a question, within a budget of tokens: the records, the people and companies they are about, how these are tied, how far memory reaches. The place to begin.',
    run: ({ env, principal }, request) => askMemory(env, 'context', principal.tenantId, { request }, ContextAnswer),
  }),
  find_entity: tool({
    title: 'Find an entity', scope: 'read', input: NodesQuery.pick({ q: true, type: true, as_of: true }).extend({ limit: upTo(PAGE_LIMIT_MAX, PAGE_LIMIT_DEFAULT) }),
    description: 'People, companies, conversations and other entities by part of a name, address or domain; `type` narrows (person, organization, thread, event, channel, contact, account, opportunity, lead ..).',
    run: async (caller, query) => withWatermarks(caller, await findNodes(tenantDatabase(caller.env), caller.principal.tenantId, { ...query, offset: 0 })),
  }),
  entity_neighbors: tool({
    title: 'What is near an entity', scope: 'read',
    input: NeighborsQuery.extend({ entity_id: NodeId, depth: upTo(NEIGHBORS_DEPTH_MAX, 1), limit: upTo(NEIGHBORS_LIMIT_MAX, NEIGHBORS_LIMIT_DEFAULT) }),
    description: 'Entities within `depth` steps and the relations between them, each with how many records say so, from when until when. `types`: relations in CAPITALS to follow, kinds of entities in small letters to show. Which records say so: `timeline`.',
    run: async (caller, { entity_id, ...query }) => withWatermarks(caller, await neighborsOf(tenantDatabase(caller.env), caller.principal.tenantId, entity_id, query)),
  }),
  timeline: tool({
    title: 'Timeline of an entity', scope: 'read', input: z.object({ entity_id: NodeId, from: Moment.describe('Not before'), to: Moment.describe('Not after'), limit: upTo(PAGE_LIMIT_MAX, TIMELINE_RECORDS_DEFAULT) }),
    description: 'The records that speak of an entity, newest first, and how many there are in each month.',
    async run(caller, { entity_id, ...query }) {
      const line = await timelineOf(tenantDatabase(caller.env), caller.principal.tenantId, entity_id, query);
      return withWatermarks(caller, { ...line, records: line.records.map((record, i) => ({ citation: i + 1, ...record })), citations: cited(line.records) });
    },
  }),
  sync_status: tool({
    title: 'State of the syncs', scope: 'read', input: z.object({ job_id: z.string().max(200).optional().describe('One job; left out: the newest ones') }),
    description: 'What is connected, which jobs run or ran and how far they are, and from when until when each stream is complete in memory.',
    async run(caller, { job_id }) {
      const { env, principal: { tenantId } } = caller;
      if (job_id !== undefined) return withWatermarks(caller, { jobs: [(await findJob(env, tenantId, job_id)).job] });
      const [connections] = await tenantDatabase(env).tenant(tenantId, [sql`
        select id::text as connection_id, integration_id, account, status, iso(last_synced_at) as last_synced_at from connections where tenant_id = ${tenantId} and status <> 'revoked' order by created_at, id`]);
      const { jobs, total } = await jobsWhere(env, tenantId, sql`true`, sql`j.created_at desc, j.id`, { limit: TOOL_JOBS_SHOWN, offset: 0 });
      return withWatermarks(caller, { connections: connections ?? [], jobs, total_jobs: total });
    },
  }),
  start_sync: tool({
    title: 'Start a sync', scope: 'sync', input: z.object({ ...StartSyncRequest.shape, idempotency_key: z.string().optional().describe('The same key again starts nothing new') }),
    description: 'Starts a historical sync of one connected account (sync_status has their ids), newest first. Answers the job; look at it with sync_status.',
    async run(caller, { idempotency_key, ...wish }) {
      const { env, principal } = caller, id = uuidOr404(wish.connection_id);
      const [found] = await tenantDatabase(env).tenant(principal.tenantId, [sql`select integration_id from connections where tenant_id = ${principal.tenantId} and id = ${id}::uuid`]);
      if (!found?.[0]) throw new ApiError('not_found', 'There is no such connection. sync_status lists those there are.');
      return withWatermarks(caller, { job: await startOne(env, principal, found[0].integration_id as IntegrationId, wish, idempotency_key) });
    },
  }),
};

const cited = (records: readonly { record_id: string; url: string | null; title: string }[]): object[] => records.map(({ record_id, url, title }, i) => ({ citation: i + 1, record_id, title, url }));

/** What memory does not hold may lie outside of what is complete: every answer says how far it reaches. */
async function withWatermarks({ env, principal: { tenantId } }: Caller, answer: object): Promise<object> {
  const [watermarks] = await tenantDatabase(env).tenant(tenantId, [watermarksOf(tenantId)]);
  return { ...answer, watermarks: watermarks ?? [] };
}
