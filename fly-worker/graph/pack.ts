/** The pack for an agent, filled within its budget: pure. Who comes first: how far memory reaches, a glimpse of every record, what and who they are about, and then as much text as still fits. */
import type { ContextAnswer, ContextRecord } from '#contract/context';
import { CONTEXT_CHARS_PER_TOKEN } from '#contract/limits';
import { cut } from '../extract/text.ts';

/** Everything there is, the best first; `texts` in the order of the records. */
export interface PackParts extends Pick<ContextAnswer, 'query' | 'entities' | 'relations' | 'watermarks'> { records: Omit<ContextRecord, 'citation' | 'text' | 'is_whole'>[]; texts: string[] }

/** Parts of the budget that each kind may take. What one leaves, the records' texts get. */
const WATERMARKS_SHARE = 0.15, GLIMPSES_SHARE = 0.5, ENTITIES_SHARE = 0.12, RELATIONS_SHARE = 0.15;
/** Characters of a text that say what it is about. */
const GLIMPSE_CHARS = 200;
/** The comma between two entries. */
const COMMA = 1;

/** `tokens` of the answer is the estimate of its whole JSON, and never more than the budget. */
export function packContext({ query, records, texts, entities, relations, watermarks }: PackParts, tokenBudget: number): ContextAnswer {
  const budget = Math.floor(tokenBudget * CONTEXT_CHARS_PER_TOKEN);
  const pack: ContextAnswer = { query: cut(query, budget / 10), records: [], entities: [], relations: [], watermarks: [], citations: [], token_budget: tokenBudget, tokens: tokenBudget, truncated: false };
  let left = budget - sizeOf(pack);
  /** As many as fit into a part of what is left. */
  const fill = <T>(list: T[], items: readonly T[], share: number): void => {
    let room = Math.min(left, Math.floor(budget * share));
    for (const item of items) {
      const size = sizeOf(item) + COMMA;
      if (size > room) { pack.truncated = true; break; }
      list.push(item);
      room -= size; left -= size;
    }
  };
  fill(pack.watermarks, watermarks, WATERMARKS_SHARE);
  const before = left, cards = records.map((record, i): ContextRecord => ({ citation: i + 1, ...record, text: cut(texts[i] ?? '', GLIMPSE_CHARS), is_whole: (texts[i] ?? '').length <= GLIMPSE_CHARS }));
  for (const card of cards) {
    const citation = { citation: card.citation, record_id: card.record_id, url: card.url }, size = sizeOf(card) + sizeOf(citation) + 2 * COMMA;
    if (size > left || before - left + size > budget * GLIMPSES_SHARE) { pack.truncated = true; break; }
    pack.records.push(card);
    pack.citations.push(citation);
    left -= size;
  }
  fill(pack.entities, entities, ENTITIES_SHARE);
  const named = new Set(pack.entities.map((entity) => entity.id)), told = new Set(pack.citations.map((c) => c.citation));
  fill(pack.relations, relations.filter((r) => named.has(r.source) && named.has(r.target)).map((r) => ({ ...r, citations: r.citations.filter((c) => told.has(c)) })), RELATIONS_SHARE);
  for (const [i, record] of pack.records.entries()) left = widen(record, texts[i] ?? '', left);
  pack.truncated ||= pack.records.some((record) => !record.is_whole);
  return { ...pack, tokens: Math.ceil(sizeOf(pack) / CONTEXT_CHARS_PER_TOKEN) };
}

/** The record's text, as much of it as there is room for. Answers what room is left. */
function widen(record: ContextRecord, text: string, left: number): number {
  if (record.is_whole) return left;
  const before = sizeOf(record.text);
  // In JSON a line break takes two characters: the room is measured, not guessed.
  let most = Math.min(text.length, record.text.length + left);
  while (most > record.text.length && sizeOf(cut(text, most)) - before > left) most -= Math.max(1, sizeOf(cut(text, most)) - before - left);
  if (most <= record.text.length) return left;
  record.text = cut(text, most);
  record.is_whole = most >= text.length;
  return left - (sizeOf(record.text) - before);
}

const sizeOf = (value: unknown): number => JSON.stringify(value).length;
