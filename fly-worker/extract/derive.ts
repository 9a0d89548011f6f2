/** Source records -> what both memories store. Pure: the same record always becomes the same memory, on any machine. */
import type { SourceRecord } from '#contract/connector';
import type { DerivedRecord, Facts } from '#contract/memory';
import { eventFacts } from './calendar.ts';
import { chatFacts } from './chat.ts';
import { crmFacts } from './crm.ts';
import { mailFacts } from './mail.ts';
import { passagesOf } from './passages.ts';
import { cut, deriveText, type DerivedText } from './text.ts';

export { contentHash, EXTRACT_VERSION } from './hash.ts';

const PREVIEW_CHARS = 200;

/** One derived record per record, in the same order. Never throws on content. */
export const derive = (records: readonly SourceRecord[]): DerivedRecord[] => records.map(deriveOne);

function deriveOne(record: SourceRecord): DerivedRecord {
  const derived = deriveText(record);
  const { title, text, parts, fresh, redacted } = derived;
  return {
    title, text, parts, redacted,
    passages: passagesOf(title, text, parts, fresh),
    preview: cut(fresh.slice(0, 4 * PREVIEW_CHARS).replace(/\s+/g, ' ').trim(), PREVIEW_CHARS),
    people: [...new Set(record.participants.flatMap(({ address }) => (address === null ? [] : [clean(address.toLowerCase())])))],
    facts: wellFormed(factsOf(record, derived)),
  };
}

function factsOf(record: SourceRecord, derived: DerivedText): Facts {
  switch (record.kind) {
    case 'mail': return mailFacts(record, derived);
    case 'event': return eventFacts(record, derived);
    case 'message': return chatFacts(record, derived);
    case 'contact': case 'account': case 'lead': case 'opportunity': return crmFacts(record, record.kind, derived);
  }
}

/** Headers are cleaned here, once: names and ids go to jsonb, which refuses NUL and lone surrogates. */
function wellFormed(facts: Facts): Facts {
  const isClean = facts.entities.every(({ key, name }) => isPlain(key) && isPlain(name));
  if (isClean && facts.entities.every(({ properties }) => Object.values(properties).every((value) => typeof value !== 'string' || isPlain(value)))) return facts;
  return JSON.parse(JSON.stringify(facts, (_, value: unknown) => (typeof value === 'string' ? clean(value) : value))) as Facts;
}
/** As both stores and every filter spell it. */
const clean = (text: string): string => text.toWellFormed().replaceAll('\u0000', '');
const isPlain = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
