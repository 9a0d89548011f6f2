/** What the front desk asks of both memories: one line a question, each with what it must look like. */
import { z } from 'zod';
import { ContextRequest } from '#contract/context';
import { ApiError } from '#contract/errors';
import { SearchQuery } from '#contract/memory';
import type { Eraser } from './erase.ts';
import type { CommunityBook } from './graph/community-book.ts';
import { contextOf } from './graph/context.ts';
import { readRecord, search, type Memory } from './reads.ts';

export interface MemoryRooms { memory: Memory; communities: CommunityBook; eraser: Eraser }

interface Question { parse(body: unknown): unknown; answer(rooms: MemoryRooms, asked: never): Promise<unknown> }

const Tenant = { tenant_id: z.string().min(1) };
/** The leave to fetch the tenant's model key for this question. */
const Ticket = { ticket: z.string().min(1) };
/** Ties the question's schema to what its answer is given. */
const question = <T extends z.ZodType>(schema: T, answer: (rooms: MemoryRooms, asked: z.output<T>) => Promise<unknown>): Question => ({ parse: (body) => schema.parse(body), answer });

const questions: Record<string, Question> = {
  '/search': question(z.object({ ...Tenant, ...Ticket, query: SearchQuery }), ({ memory }, { tenant_id, ticket, query }) => search({ ...memory, ticket }, tenant_id, query)),
  '/record': question(z.object({ ...Tenant, record_id: z.uuid() }), async ({ memory }, { tenant_id, record_id }) => {
    const record = await readRecord(memory, tenant_id, record_id);
    if (!record) throw new ApiError('not_found', 'There is no such record in memory.');
    return record;
  }),
  '/erase': question(z.object({ ...Tenant, erasure_id: z.uuid() }), ({ eraser }, { tenant_id, erasure_id }) => eraser.erase(tenant_id, erasure_id)),
  '/context': question(z.object({ ...Tenant, ...Ticket, request: ContextRequest }), ({ memory }, { tenant_id, ticket, request }) => contextOf({ ...memory, ticket }, tenant_id, request)),
  '/communities': question(z.object(Tenant), async ({ communities }, { tenant_id }) => {
    void communities.rebuild(tenant_id);
    return {};
  }),
};

/** Null: there is no such question. Throws ApiError, ZodError, DatabaseError. */
export function memoryQuestion(path: string): ((rooms: MemoryRooms, body: unknown) => Promise<unknown>) | null {
  const found = questions[path];
  return found ? async (rooms, body) => found.answer(rooms, found.parse(body) as never) : null;
}
