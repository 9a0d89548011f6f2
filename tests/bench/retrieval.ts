/**
 * `npm run bench:search [-- folder of the data, not part of the project]`: prints how well search finds, and ends with 1 when hybrid is worse than it must be.
 * cranfield: 1,400 abstracts with judged queries. mail: real mails, the subject asks for the body it was left out of. rare: every real mail
 * by the rarest word of its own body. paraphrase: questions that share no word with their mail, among the mails of the invented company. Tuned on the odd queries; the even ones tell.
 * With OPENAI_API_KEY set, a model's vectors are measured beside our own: those of EMBEDDING_MODEL at OPENAI_BASE_URL, both left out for the defaults.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import '#fly-worker/semantic/quiet';
import { connect, Index } from '@lancedb/lancedb';
import type { SourceRecord } from '#contract/connector';
import { EMBEDDING_MODEL_DEFAULT } from '#contract/limits';
import { generateMailbox } from '#dev/mailbox/generate';
import { vectorAt, type Embedder } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { openAiEmbedder, probeEmbedder } from '#fly-worker/embed/openai';
import { passagesOf } from '#fly-worker/extract/passages';
import { bareSubject } from '#fly-worker/extract/mail';
import { deriveText } from '#fly-worker/extract/text';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { fold, termsOf, WORD } from '#fly-worker/semantic/terms';
import { paraphrases } from './paraphrases.ts';

interface Doc { id: string; title: string; text: string; people: string[] }
interface Question { q: string; grades: Map<string, number> }
interface Collection { name: string; docs: Doc[]; questions: Question[] }
interface RealMail { id: string; date: string; subject?: string; body?: string; from?: { address: string }; to?: { address: string }[]; cc?: { address: string }[] }

const folder = process.argv[2] ?? join(import.meta.dirname, '../../../shared/data'), LIMIT = 10, DEEP = 9_000;
/** Of keyword's nDCG, and of its recall. */
const WORSE_MAX = 0.01;

function cranfield(): Collection {
  const read = (name: string): string => readFileSync(join(folder, 'retrieval-cranfield', name), 'utf8').replaceAll('\r', '');
  const field = (block: string, name: string): string => new RegExp(String.raw`^\.${name}\n([\s\S]*?)(?=^\.[TABW]\n|$(?![\s\S]))`, 'm').exec(block)?.[1]?.replace(/\s+/g, ' ').trim() ?? '';
  const docs = read('cran.all.1400').split(/^\.I /m).slice(1).map((block) => ({ id: /^\d+/.exec(block)![0], title: field(block, 'T'), text: field(block, 'W'), people: [] }));
  const judged = new Map<number, Map<string, number>>();
  for (const line of read('cranqrel').trim().split('\n')) {
    const [query, document, grade] = line.trim().split(/\s+/).map(Number) as [number, number, number];
    judged.set(query, (judged.get(query) ?? new Map<string, number>()).set(String(document), grade < 1 ? 0 : 5 - grade));
  }
  const questions = read('cran.qry').split(/^\.I /m).slice(1).flatMap((block, i) => (judged.has(i + 1) ? [{ q: field(block, 'W'), grades: judged.get(i + 1)! }] : []));
  return { name: 'cranfield', docs, questions };
}

function realMail(): Doc[] {
  const mails = gunzipSync(readFileSync(join(folder, 'real-mail.jsonl.gz'))).toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as RealMail);
  return mails.filter(({ date }) => date >= '1994').map(({ id, subject = '', body = '', from, to = [], cc = [] }) => {
    const { title, text } = deriveText({ kind: 'mail', title: subject, body: { format: 'text', content: body }, properties: {}, participants: [] } as unknown as SourceRecord);
    return { id, title, text, people: [from, ...to, ...cc].flatMap((person) => (person?.address ? [person.address] : [])) };
  });
}

/** Subject as the query, body as the target: without title and without the lines that repeat the subject. */
function bySubject(mails: Doc[]): Collection {
  const asked = new Map<string, Map<string, number>>(), docs: Doc[] = [];
  for (const mail of mails) {
    const subject = bareSubject(mail.title).toLowerCase().replace(/\s+/g, ' ');
    docs.push({ ...mail, title: '', text: mail.text.split('\n').filter((line) => !/^[\s>*]*subject:/i.test(line) && (subject === '' || line.trim().toLowerCase() !== subject)).join('\n') });
    if (termsOf(subject).length >= 2) asked.set(subject, (asked.get(subject) ?? new Map<string, number>()).set(mail.id, 1));
  }
  return { name: 'mail', docs, questions: [...asked].map(([q, grades]) => ({ q, grades })) };
}

/** Sixty questions in other words, among a thousand mails about other things. */
function paraphrased(): Collection {
  const others = generateMailbox({ seed: 7, owner: { name: 'Anna Keller', address: 'anna.keller@nordlicht-robotics.example' }, mails: 1_000, events: 0, months: 3, now: new Date('2026-06-01T00:00:00Z') }).messages;
  const docs = others.map(({ id, subject, body }): Doc => {
    const { title, text } = deriveText({ kind: 'mail', title: subject ?? '', body: { format: 'html', content: body.content }, properties: {}, participants: [] } as unknown as SourceRecord);
    return { id, title, text, people: [] };
  });
  const asked = paraphrases.map(({ title, text }, i): Doc => ({ id: `paraphrase-${i}`, title, text, people: [] }));
  return { name: 'paraphrase', docs: [...docs, ...asked], questions: paraphrases.map(({ q }, i) => ({ q, grades: new Map([[`paraphrase-${i}`, 1]]) })) };
}

/** The rarest words of every mail, of those the ones with the largest family; and the first rare word behind character 9,000. */
function byRareWord(mails: Doc[]): Collection[] {
  const wordsIn = (text: string): Set<string> => new Set((fold(text).match(WORD) ?? []).filter((word) => word.length >= 3 && !/\d/.test(word)));
  const count = new Map<string, number>(), family = new Map<string, number>(), familyOf = (word: string): string => word.slice(0, Math.max(3, Math.min(5, word.length - 2)));
  for (const { title, people, text } of mails) for (const word of wordsIn(`${title}\n${people.join(' ')}\n${text}`)) { count.set(word, (count.get(word) ?? 0) + 1); family.set(familyOf(word), (family.get(familyOf(word)) ?? 0) + 1); }
  const questions: Question[] = [], deep: Question[] = [];
  for (const { id, text } of mails) {
    const rare = [...wordsIn(text)].filter((word) => count.get(word)! <= LIMIT).sort((a, b) => family.get(familyOf(b))! / count.get(b)! - family.get(familyOf(a))! / count.get(a)!);
    for (const q of rare.slice(0, 2)) questions.push({ q, grades: new Map([[id, 1]]) });
    const early = wordsIn(text.slice(0, DEEP)), late = [...wordsIn(text.slice(DEEP).replace(/^\S+/, ''))].find((word) => !early.has(word) && count.get(word)! <= LIMIT);
    if (late !== undefined) deep.push({ q: late, grades: new Map([[id, 1]]) });
  }
  return [{ name: 'rare', docs: mails, questions }, { name: 'rare, at 9,000', docs: mails, questions: deep }];
}

const gainOf = (grades: number[]): number => grades.reduce((sum, grade, rank) => sum + (2 ** grade - 1) / Math.log2(rank + 2), 0);
const table: Record<string, string | number>[] = [];

async function measure(collection: string, how: string, questions: Question[], ask: (q: string) => Promise<string[]>): Promise<void> {
  const gain = [0, 0], asked = [0, 0], times: number[] = [];
  let recall = 0;
  for (const [i, { q, grades }] of questions.entries()) {
    const startedAt = performance.now(), found = [...new Set(await ask(q))].slice(0, LIMIT).map((id) => grades.get(id) ?? 0);
    times.push(performance.now() - startedAt);
    const ideal = [...grades.values()].sort((a, b) => b - a).slice(0, LIMIT);
    gain[i % 2]! += gainOf(found) / (gainOf(ideal) || 1);
    asked[i % 2]! += 1;
    recall += found.filter((grade) => grade > 0).length / (ideal.filter((grade) => grade > 0).length || 1);
  }
  times.sort((a, b) => a - b);
  table.push({
    collection, how, queries: questions.length, 'nDCG@10': ((gain[0]! + gain[1]!) / questions.length).toFixed(4), odd: (gain[0]! / asked[0]!).toFixed(3), even: (gain[1]! / asked[1]!).toFixed(3),
    'recall@10': (recall / questions.length).toFixed(4), 'p50 ms': times[times.length >> 1]!.toFixed(1), 'p95 ms': times[Math.floor(times.length * 0.95)]!.toFixed(1),
  });
}

const embedder = localEmbedder(), place = mkdtempSync(join(tmpdir(), 'retrieval-')), memory = openSemanticMemory({ uri: join(place, 'ours') }), plainDb = await connect(join(place, 'plain'));

const service = { apiKey: process.env['OPENAI_API_KEY'] ?? '', baseUrl: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1', model: process.env['EMBEDDING_MODEL'] ?? EMBEDDING_MODEL_DEFAULT };
const models: Embedder[] = service.apiKey === '' ? [] : [openAiEmbedder({ ...service, ...await probeEmbedder(service) })];

/** A text's vectors as the line makes them: one, or one a passage. */
async function vectorsOf(embedder: Embedder, title: string, text: string) {
  const passages = passagesOf(title, text, []), vectors = await embedder.embed(passages.map((passage) => passage.embeddable));
  const [first, ...more] = passages.map(({ start, end }, i) => ({ start, end, vector: vectorAt(vectors, embedder.dims, i) }));
  return { vector: first!.vector, more };
}

/** Every collection in a table of its own, and one more for a model's vectors, beside LanceDB's full text as it is by default. */
async function run(tenant: string, collections: Collection[], modes: ('keyword' | 'semantic' | 'hybrid')[]): Promise<void> {
  const space = { tenant, embedder }, docs = collections[0]!.docs;
  for (const one of [embedder, ...models]) {
    await memory.store({ tenant, embedder: one }, await Promise.all(docs.map(async ({ id, title, text, people }) => ({
      recordId: id, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title, text, parts: [], people, url: null, ...await vectorsOf(one, title, text),
    }))));
    await memory.upkeep({ tenant, embedder: one });
  }
  const plain = await plainDb.createTable(tenant, docs.map(({ id, title, text, people }) => ({ id, body: `${title}\n${people.join(' ')}\n${text}` })));
  await plain.createIndex('body', { config: Index.fts() });
  const vectorOf = async (one: Embedder, q: string) => vectorAt(await one.embed([q]), one.dims, 0);
  for (const { name, questions } of collections) {
    await measure(name, 'LanceDB default', questions, async (q) => (await plain.query().fullTextSearch(q, { columns: ['body'] }).select(['id', '_score']).limit(LIMIT).toArray() as { id: string; _score: number }[]).sort((a, b) => b._score - a._score).map(({ id }) => id));
    for (const mode of modes) for (const model of mode === 'keyword' ? [null] : [null, ...models]) {
      await measure(name, model === null ? mode : `${mode}, ${model.id}`, questions, async (q) => {
        const vector = mode === 'keyword' ? null : await vectorOf(embedder, q), beside = model && await vectorOf(model, q);
        return (await memory.search(space, { q, mode, limit: LIMIT, vector }, model && beside && { embedder: model, vector: beside })).map(({ recordId }) => recordId);
      });
    }
  }
  plain.close();
}

await run('paraphrase', [paraphrased()], ['keyword', 'semantic', 'hybrid']);
if (existsSync(join(folder, 'retrieval-cranfield'))) await run('cranfield', [cranfield()], ['keyword', 'semantic', 'hybrid']);
if (existsSync(join(folder, 'real-mail.jsonl.gz'))) {
  const mails = realMail();
  await run('mail', [bySubject(mails)], ['keyword', 'semantic', 'hybrid']);
  await run('whole', byRareWord(mails), ['keyword', 'hybrid']);
}
console.table(table);
await memory.close();
plainDb.close();
rmSync(place, { recursive: true });

const MEASURES = ['nDCG@10', 'recall@10'] as const;
const reached = (which: (typeof MEASURES)[number], collection: string, how: string): number => Number(table.find((row) => row['collection'] === collection && row['how'] === how)?.[which] ?? 0);
const worse = table.filter(({ collection, how }) => String(how).startsWith('hybrid') && MEASURES.some((which) => reached(which, String(collection), String(how)) < reached(which, String(collection), 'keyword') * (1 - WORSE_MAX))).map(({ collection, how }) => `${collection} (${how})`);
if (worse.length > 0 || reached('nDCG@10', 'paraphrase', 'hybrid') <= reached('nDCG@10', 'paraphrase', 'keyword')) {
  console.error(`Hybrid must be as good as keyword within ${100 * WORSE_MAX} % and better on paraphrases; it is not in: ${worse.join(', ') || 'paraphrase'}.`);
  process.exitCode = 1;
}
