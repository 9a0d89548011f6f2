/** Adding a connector is one file, one tape and one line: here is the file, here is the tape, and the line is the last one. The suite asks for nothing else. */
import { z } from 'zod';
import { defineConnector } from '#contract/connector';
import type { IntegrationId } from '#contract/job';
import { describeConnector } from './conformance.ts';
import type { Tape } from './tapes/replay.ts';

const Note = z.object({ id: z.string(), at: z.string(), text: z.string() });
const Notes = z.object({ notes: z.array(Note), next: z.string().optional() });

/** The file: a shelf of notes, page by page. */
const toy = defineConnector<string>({
  id: 'toy' as IntegrationId, title: 'Toy shelf', baseUrl: { env: 'TOY_URL', fallback: 'https://toy.example' }, oauth: null, concurrencyMax: 1, cursor: z.string().regex(/^n\d+$/),
  streams: () => Promise.resolve([{ name: 'notes', order: 'oldest_first', windowDays: 30 }]),
  async fetchPage({ get, baseUrl, span, cursor, pageSize }) {
    const { notes, next } = await get(Notes, { url: `${baseUrl}/notes?since=${span.since}&size=${pageSize}${cursor === null ? '' : `&from=${cursor}`}` });
    return {
      records: notes.map(({ id, at, text }) => ({
        stream: 'notes', kind: 'message', providerId: id, occurredAt: at, endsAt: null, title: '', body: { format: 'text', content: text }, participants: [],
        threadId: null, globalId: null, replyToGlobalId: null, url: null, properties: {},
      })),
      unreadable: [], next: next ?? null,
    };
  },
});

/** The tape: two pages, as they were heard. */
const tape: Tape = {
  span: { since: '2026-06-01T00:00:00.000Z', until: '2026-07-01T00:00:00.000Z' }, pageSize: 'size=(\\d+)', account: null, unreadable: {}, records: { notes: ['a', 'b'] },
  exchanges: [
    { get: '/notes?since=2026-06-01T00:00:00.000Z&size=', json: { notes: [{ id: 'a', at: '2026-06-02T08:00:00.000Z', text: 'one' }], next: 'n2' } },
    { get: '/notes?since=2026-06-01T00:00:00.000Z&size={{size}}&from=n2', json: { notes: [{ id: 'b', at: '2026-06-03T08:00:00.000Z', text: 'two' }] } },
  ],
};

describeConnector(toy, tape);
