/**
 * Slack: one stream per channel the account can see. History brings what stands in a channel, `replies` what stands in its threads.
 * Each message is a record of exactly one window, whatever the windows are:
 * - what stands in the channel, answers shown there included, belongs to the window of its own date;
 * - an answer belongs to the window of its own date when it came within THREAD_REACH_MS of the message it answers: every window also looks
 *   that far back for messages with answers. One that came later belongs to the window of the message it answers.
 * So "complete back to" holds, and what is missed is only an answer that came later than the reach to a message from before the job's range.
 */
import { z } from 'zod';
import { defineConnector, type Ask, type FetchContext, type Page, type SourceRecord, type Stream, type UnreadableRecord } from '#contract/connector';
import { inSpan, inUrl, readItems } from './items.ts';
import { ProviderError } from './provider-error.ts';
import { slackMeaning, whySkipped } from './slack-errors.ts';
import { readDirectory } from './slack-directory.ts';
import { slackOAuth } from './slack-oauth.ts';
import { SlackMessage, slackRecord, slackTime, type SlackChannel, type SlackDirectory } from './slack-message.ts';

/** Nearly every answer comes within days; each window's look back costs a few pages of history. */
const THREAD_REACH_MS = 14 * 86_400_000;
/** Slack allows about 50 calls of a method a minute; more threads in one page would only keep cancel and checkpoint waiting. */
const THREADS_A_PAGE = 20;
/** Slack's largest page. */
const LIMIT_MAX = 999;

const Ts = z.string().regex(/^\d{9,11}\.\d{6}$/);
/**
 * Where the next page starts: the next page of history (null: its end), the threads still to be read before it, and the place within the
 * first of them.
 */
const Cursor = z.strictObject({ history: z.string().min(1).nullable(), threads: z.array(Ts).max(LIMIT_MAX), replies: z.string().min(1).nullable() });
type Cursor = z.infer<typeof Cursor>;
type Context = FetchContext<Cursor, SlackDirectory>;

const Messages = z.object({ ok: z.literal(true), messages: z.array(z.unknown()), response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish() });

export const slack = defineConnector<Cursor, SlackDirectory>({
  id: 'slack',
  title: 'Slack',
  baseUrl: { env: 'SLACK_URL', fallback: 'https://slack.com' },
  oauth: slackOAuth,
  /** Limits are per method and minute, so requests at once gain little. https://docs.slack.dev/apis/web-api/rate-limits */
  concurrencyMax: 3,
  cursor: Cursor,
  meaningOf: slackMeaning,
  directory: readDirectory,
  streams: ({ directory }) => Promise.resolve([...directory.channels.values()].map(({ id, title }): Stream => ({ name: id, title, order: 'newest_first', windowDays: 28 }))),

  async fetchPage(context) {
    const place = context.cursor ?? { history: null, threads: [], replies: null };
    try {
      return await (place.threads.length > 0 ? readThreads(context, place) : readHistory(context, place.history));
    } catch (error) {
      const skipped = error instanceof ProviderError ? whySkipped(error.code) : null;
      if (skipped === null) throw error;
      return { records: [], unreadable: [], next: null, skipped };
    }
  },

  readOne,
});

/**
 * One message by its time; null: it is gone, or nothing is left of it but a tombstone. What stands in the channel is found by history, answers are found
 * by `replies`, which takes any message of a thread.
 */
async function readOne(context: Ask & { stream: string; providerId: string; directory: SlackDirectory }): Promise<SourceRecord | UnreadableRecord | null> {
  const { stream: channel, providerId: ts } = context, only = { oldest: ts, latest: ts, inclusive: 'true' };
  const { items } = await ask({ ...context, pageSize: 1 }, 'conversations.history', { channel, ...only }, null), shown = items.filter((item) => hasTime(item, ts));
  const found = shown.length > 0 ? shown : (await ask({ ...context, pageSize: ANSWERS_AROUND_ONE }, 'conversations.replies', { channel, ts, ...only }, null).catch(noneIfNoThread)).items.filter((item) => hasTime(item, ts));
  const { records, unreadable } = read(context, found.slice(0, 1), (_, record) => record);
  return records[0] ?? unreadable[0] ?? null;
}

/** The message that a thread begins with comes along. */
const ANSWERS_AROUND_ONE = 10;
const hasTime = (item: unknown, ts: string): boolean => z.object({ ts: z.literal(ts) }).safeParse(item).success;
function noneIfNoThread(error: unknown): { items: unknown[] } {
  if (error instanceof ProviderError && (error.code === 'thread_not_found' || error.code === 'message_not_found')) return { items: [] };
  throw error;
}

/** A page of what stands in the channel, newest first. https://docs.slack.dev/reference/methods/conversations.history */
async function readHistory(context: Context, cursor: string | null): Promise<Page<Cursor>> {
  const { span } = context, since = Date.parse(span.since), until = Date.parse(span.until);
  const { items, next } = await ask(context, 'conversations.history', { channel: context.stream, oldest: seconds(since - THREAD_REACH_MS), latest: seconds(until), inclusive: 'true' }, cursor);
  const page = read(context, items, (_, record) => (record !== null && inSpan(record.occurredAt, span) ? record : null));
  const threads = items.flatMap((item) => {
    const head = ThreadHead.safeParse(item).data;
    return head && hasAnswers(head) && slackTime(head.ts) < until && (slackTime(head.ts) >= since || !head.latest_reply || slackTime(head.latest_reply) >= since) ? [head.ts] : [];
  });
  return { ...page, next: threads.length > 0 || next !== null ? { history: next, threads, replies: null } : null };
}

/** Of a message what says whether it has answers: they are read though it cannot be read itself, and rather looked for in vain than missed. */
const ThreadHead = z.object({ ts: Ts, thread_ts: z.string().nullish().catch(null), reply_count: z.number().nullish().catch(1), latest_reply: Ts.nullish().catch(null) });

const hasAnswers = ({ ts, thread_ts, reply_count }: z.infer<typeof ThreadHead>): boolean => (reply_count ?? 0) > 0 && (thread_ts == null || thread_ts === ts);

/** The answers of the threads that the last page of history has shown, until a page is full. https://docs.slack.dev/reference/methods/conversations.replies */
async function readThreads(context: Context, place: Cursor): Promise<Page<Cursor>> {
  const page: Page<Cursor> = { records: [], unreadable: [], next: null };
  const threads = [...place.threads];
  let { replies } = place;
  for (let calls = 0; threads.length > 0 && calls < THREADS_A_PAGE && page.records.length < context.pageSize; calls += 1) {
    const answers = await readAnswers(context, threads[0]!, replies).catch((error: unknown) => {
      // A limit in the middle of a page must not cost what was read before it: where few calls are allowed, no page would ever be full.
      if (calls > 0 && error instanceof ProviderError && error.kind === 'rate_limited') return null;
      throw error;
    });
    if (answers === null) break;
    page.records.push(...answers.records);
    page.unreadable.push(...answers.unreadable);
    replies = answers.next;
    if (replies === null) threads.shift();
  }
  return { ...page, next: threads.length > 0 || place.history !== null ? { history: place.history, threads, replies } : null };
}

async function readAnswers(context: Context, thread: string, cursor: string | null): Promise<Omit<Page, 'next'> & { next: string | null }> {
  const { span, range } = context, since = Date.parse(span.since), begun = slackTime(thread);
  const isOurs = (at: number): boolean => (at - begun <= THREAD_REACH_MS ? at >= since && at < Date.parse(span.until) : begun >= since && at < Date.parse(range.until));
  try {
    const { items, next } = await ask(context, 'conversations.replies', { channel: context.stream, ts: thread, oldest: seconds(Math.max(since, begun)), latest: seconds(Date.parse(range.until)), inclusive: 'true' }, cursor);
    // The message itself comes first, again; answers shown in the channel were read there.
    const page = read(context, items, (message, record) => (message.ts !== thread && message.subtype !== 'thread_broadcast' && isOurs(slackTime(message.ts)) ? record : null));
    return { ...page, next };
  } catch (error) {
    if (!(error instanceof ProviderError) || error.code !== 'thread_not_found') throw error;
    return { records: [], unreadable: [{ providerId: `${thread}:answers`, message: 'The message was deleted before its answers were read.' }], next: null };
  }
}

function read(context: { stream: string; directory: SlackDirectory }, items: unknown[], keep: (message: SlackMessage, record: SourceRecord | null) => SourceRecord | null): Omit<Page, 'next'> {
  const { directory, stream } = context;
  const channel: SlackChannel = directory.channels.get(stream) ?? { id: stream, title: stream, kind: 'public', isArchived: false };
  return readItems(items, SlackMessage, { provider: 'Slack', idField: 'ts' }, (message) => keep(message, slackRecord(message, channel, directory)));
}

async function ask({ get, baseUrl, pageSize }: Ask & { pageSize: number }, method: string, parameters: Record<string, string>, cursor: string | null): Promise<{ items: unknown[]; next: string | null }> {
  const all = { ...parameters, limit: String(Math.min(pageSize, LIMIT_MAX)), ...(cursor === null ? {} : { cursor }) };
  const answer = await get(Messages, { url: `${baseUrl}/api/${method}?${Object.entries(all).map(([name, value]) => `${name}=${inUrl(value)}`).join('&')}` });
  return { items: answer.messages, next: answer.response_metadata?.next_cursor || null };
}

/** Milliseconds as Slack writes times. */
const seconds = (ms: number): string => `${Math.floor(ms / 1_000)}.${String(ms % 1_000).padStart(3, '0')}000`;
