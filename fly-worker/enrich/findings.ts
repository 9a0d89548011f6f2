/** A model's reading of one record -> facts. Pure. What the record's own words do not bear out is left out: a model's slip must not become memory. */
import type { EntityFact, Facts, RelationFact } from '#contract/memory';
import { STAGED_ENTITY_TYPES, SYSTEM_NODE_TYPES } from '#contract/memory';
import { organizationOf } from '../extract/facts.ts';
import type { Question, Reading } from './question.ts';

/** A model's word counts for less than a header's or a rule's. */
const CONFIDENCE = 0.6;
const KEY_CHARS_MAX = 300;
const RESERVED = new Set<string>([...SYSTEM_NODE_TYPES, ...STAGED_ENTITY_TYPES]);

export function findingsOf(reading: Reading, question: Question): Facts {
  const said = plain(`${question.subject}\n${question.participants.join('\n')}\n${question.body}`);
  const isSaid = (name: string): boolean => said.includes(plain(name));
  const entities = new Map<string, EntityFact>(), byName = new Map<string, EntityFact>();
  const put = (type: string, key: string, name: string, properties: EntityFact['properties'] = {}): void => {
    const id = `${type} ${key}`, fact = entities.get(id) ?? { type, key: key.slice(0, KEY_CHARS_MAX), name, properties, method: 'llm' as const, confidence: CONFIDENCE };
    entities.set(id, fact);
    if (!byName.has(plain(name))) byName.set(plain(name), fact);
  };
  for (const { name, email } of reading.people) {
    const address = email?.trim().toLowerCase() ?? '';
    if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address) && said.includes(address)) put('person', address, name);
    else if (isSaid(name)) put('mentioned_person', plain(name), name);
  }
  for (const { name, domain } of reading.organizations) {
    const host = domain?.trim().toLowerCase().replace(/^(?:https?:\/\/)?(?:www\.)?/, '').replace(/\/.*$/, '') ?? '';
    if (host !== '' && said.includes(host) && organizationOf(`x@${host}`) === host) put('organization', host, name, { domain: host });
    else if (isSaid(name)) put('company', plain(name), name);
  }
  for (const topic of reading.topics) put('topic', plain(topic), topic);
  for (const { type, name, identifier } of reading.objects) {
    if (!isSaid(name) && !(identifier && isSaid(identifier))) continue;
    put(slug(type), plain(identifier || name), name, identifier ? { identifier } : {});
  }
  return { entities: [...entities.values()], relations: relationsOf(reading, byName) };
}

function relationsOf(reading: Reading, byName: Map<string, EntityFact>): RelationFact[] {
  const relations = new Map<string, RelationFact>();
  for (const { source, relation, target } of reading.relationships) {
    const from = byName.get(plain(source)), to = byName.get(plain(target)), type = slug(relation).toUpperCase();
    if (!from || !to || from === to || type === '') continue;
    relations.set(`${from.type} ${from.key} ${type} ${to.type} ${to.key}`, { type, source: { type: from.type, key: from.key }, target: { type: to.type, key: to.key }, properties: {}, method: 'llm', confidence: CONFIDENCE });
  }
  return [...relations.values()];
}

const plain = (name: string): string => name.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
/** A type is a slug, and a model's type is never one of ours: those have keys that it cannot know. */
function slug(words: string): string {
  const name = words.normalize('NFD').replace(/\p{M}+/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 40) || 'business_object';
  return RESERVED.has(name) ? `named_${name}` : name;
}
