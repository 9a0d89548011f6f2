/** Semantic memory on real LanceDB in a temporary folder; fusion and snippets as the pure functions they are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Index } from '@lancedb/lancedb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RECENCY_WORTH, SWEEP_AFTER_MS, UNINDEXED_AT_REST_MAX } from '#contract/limits';
import { vectorAt } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { fuse, type KeywordHit } from '#fly-worker/semantic/fusion';
import { newerFirst } from '#fly-worker/reads';
import { openSemanticMemory, type MemoryRow, type SemanticMemory, type SemanticQuery, type Space } from '#fly-worker/semantic/memory';
import { schemaOf } from '#fly-worker/semantic/rows';
import { createTable, findTable, textTables } from '#fly-worker/semantic/tables';
import { snippet, snippetOf } from '#fly-worker/semantic/snippet';
import { coverage, fold, likeness, termsOf } from '#fly-worker/semantic/terms';

const local = localEmbedder();
const space = (tenant: string): Space => ({ tenant, embedder: { id: local.id, dims: local.dims } });
let folder: string, memory: SemanticMemory;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'semantic-')); memory = openSemanticMemory({ uri: folder }); });
afterAll(async () => { await memory.close(); rmSync(folder, { recursive: true }); });

async function rowsOf(texts: { id: string; title?: string; text?: string; hash?: string; people?: string[]; at?: string; stream?: string; integration?: string }[]): Promise<MemoryRow[]> {
  const vectors = await local.embed(texts.map(({ title = '', text = '' }) => `${title}\n${text}`));
  return texts.map(({ id, title = '', text = '', hash = 'h1', people = [], at = '2026-06-01T00:00:00Z', stream = 'mail', integration = 'outlook' }, row) => ({
    recordId: id, contentHash: hash, integrationId: integration, connectionId: 'c1', stream, occurredAt: Date.parse(at), title, text, parts: [{ kind: 'quote', start: 0, end: 1 }], people, url: null, vector: vectorAt(vectors, local.dims, row),
  }));
}
async function find(tenant: string, q: string, more: Partial<SemanticQuery> = {}, by: SemanticMemory = memory): Promise<string[]> {
  const vector = vectorAt(await local.embed([q]), local.dims, 0);
  return (await by.search(space(tenant), { q, mode: 'hybrid', limit: 10, vector, ...more })).map(({ recordId }) => recordId);
}

describe('figures', () => {
  it('are of all that is open here: the most fragments and unindexed rows of one dataset, and the caches', async () => {
    const cacheBytes = 200_000, own = openSemanticMemory({ uri: mkdtempSync(join(folder, 'figures-')), cacheBytes });
    expect(await own.figures()).toMatchObject({ datasets: 0, unindexedRows: 0, fragments: 0 });
    for (const text of ['one', 'two', 'three']) await own.store(space('most'), await rowsOf([{ id: text, text }]));
    await own.store(space('few'), await rowsOf([{ id: 'a', text: 'one' }]));
    expect(await own.figures()).toMatchObject({ datasets: 2, unindexedRows: 3, fragments: 3, cacheBytes: expect.any(Number) as number, cacheItems: expect.any(Number) as number });
    for (const tenant of ['most', 'few']) await find(tenant, 'one', {}, own);
    for (let i = 0; i < 40; i += 1) { await own.store(space('most'), await rowsOf([{ id: `more-${i}`, text: `text ${i}` }])); await find('most', `text ${i}`, {}, own); }
    const figures = await own.figures();
    expect(figures.cacheItems, 'what was read stands in the caches').toBeGreaterThan(0);
    expect(figures.cacheBytes, 'up to their bound').toBeLessThanOrEqual(cacheBytes);
    expect(figures.cacheBytes, 'which is reached').toBeGreaterThan(cacheBytes / 2);
    await own.close();
    expect((await own.figures()).datasets).toBe(0);
  });
});

describe('a model', () => {
  it('votes on what is asked in several words, and follows the texts that hold the one word of a short question', async () => {
    const model = { id: 'openai-votes-4', dims: 4 }, angles = { repeated: 80, once: 10, lunch: 0, garden: 20, river: 30 }, tilted = (degrees: number): Float32Array => new Float32Array([Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180), 0, 0]);
    const rows = await rowsOf([{ id: 'repeated', text: 'zanzibar, zanzibar!' }, { id: 'once', text: 'zanzibar is where we went, and it was a long way to go in the heat' }, { id: 'lunch', text: 'soup' }, { id: 'garden', text: 'roses' }, { id: 'river', text: 'boats' }]);
    await memory.store(space('votes'), rows);
    await memory.store({ tenant: 'votes', embedder: model }, rows.map((row) => ({ ...row, vector: tilted(angles[row.recordId as keyof typeof angles]) })));
    const asked = async (q: string): Promise<string[]> => (await memory.search(space('votes'), { q, mode: 'hybrid', limit: 5, vector: vectorAt(await local.embed([q]), local.dims, 0) }, { embedder: model, vector: tilted(0) })).map(({ recordId }) => recordId);
    expect(await asked('zanzibar')).toEqual(['repeated', 'once', 'lunch', 'garden', 'river']);
    expect((await asked('zanzibar journey')).slice(0, 2)).toEqual(['once', 'repeated']);
  });
});

describe('storing', () => {
  it('stores the same content once, however often and in whatever batch it comes', async () => {
    const rows = await rowsOf([{ id: 'a', text: 'one' }, { id: 'b', text: 'two' }]);
    expect(await memory.store(space('once'), [...rows, rows[0]!])).toBe(2);
    expect(await memory.store(space('once'), rows)).toBe(0);
    expect(await Promise.all(Array.from({ length: 5 }, () => memory.store(space('once'), rows)))).toEqual([0, 0, 0, 0, 0]);
    expect((await memory.stats(space('once')))?.rows).toBe(2);
  });
  it('keeps both versions of an edited record: the ledger says which counts', async () => {
    await memory.store(space('edit'), await rowsOf([{ id: 'a', text: 'old wording' }]));
    await memory.store(space('edit'), await rowsOf([{ id: 'a', text: 'new wording', hash: 'h2' }]));
    expect((await memory.search(space('edit'), { q: 'wording', mode: 'keyword', limit: 5, vector: null })).map(({ contentHash }) => contentHash).sort()).toEqual(['h1', 'h2']);
    expect((await memory.get(space('edit'), 'a', 'h2'))?.text).toBe('new wording');
    expect(await memory.get(space('edit'), 'a', 'h3')).toBeNull();
  });
  it('gives back what it was given', async () => {
    const [row] = await rowsOf([{ id: 'a', title: 'Tïtle', text: 'Line 1\n⟦x⟧ 😀', people: ['a@x.example', 'o\'b@x.example'], at: '1969-12-31T23:59:59.999Z' }]);
    await memory.store(space('same'), [row!]);
    const { vector: _, ...rest } = row!;
    expect(await memory.get(space('same'), 'a', 'h1')).toEqual(rest);
  });
  it('takes no vector of another length, no zeros, no NaN; a row without one is found by keyword', async () => {
    const [row] = await rowsOf([{ id: 'a', text: 'plainword' }]);
    for (const vector of [new Float32Array(3), new Float32Array(local.dims), new Float32Array(local.dims).fill(NaN)]) await expect(memory.store(space('vec'), [{ ...row!, vector }])).rejects.toBeInstanceOf(RangeError);
    await memory.store(space('vec'), [{ ...row!, vector: null }, ...(await rowsOf([{ id: 'b', text: 'otherword' }]))]);
    expect(await find('vec', 'plainword')).toContain('a');
    expect(await find('vec', 'plainword', { mode: 'semantic' })).toEqual(['b']);
  });
  it('refuses names that are paths or predicates', async () => {
    for (const tenant of ['../x', 'a/b', '', 'a\' OR 1=1', 'ä']) await expect(memory.store(space(tenant), await rowsOf([{ id: 'a', text: 'x' }]))).rejects.toBeInstanceOf(RangeError);
  });
});

describe('searching', () => {
  beforeAll(async () => {
    const filler = Array.from({ length: 60 }, (_, i) => ({ id: `f${i}`, title: `Weekly notes ${i}`, text: `Notes about the project and the team, number ${i}. We talked about budgets.`, people: ['team@nordwind.example'], at: `2026-05-${String(1 + (i % 28)).padStart(2, '0')}T00:00:00Z` }));
    await memory.store(space('s'), await rowsOf([...filler,
      { id: 'invoice', title: 'Reminder', text: 'Please pay INV-2024-0113 soon.', people: ['first.last@x.example'], at: '2026-06-10T00:00:00Z' },
      { id: 'invoice2', title: 'Reminder', text: 'Please pay INV-2024-0114 soon.', people: ['other@x.example'], at: '2026-06-11T00:00:00Z' },
      { id: 'deep', title: 'Long', text: `${'filler word '.repeat(750)} zyzzyva at the end`, people: [] },
      { id: 'car', title: 'Breakdown', text: 'My automobile has engine trouble and must go to the garage.', people: [] },
      { id: 'event', title: 'Kick-off', text: 'Room 4', people: ['anna.berg@nordwind.example'], stream: 'calendar', integration: 'google_calendar' },
      { id: 'german', title: 'Überfällige Rechnung', text: 'Bitte überweisen Sie den Betrag.', people: [] }]));
  });
  it.each([
    ['INV-2024-0113', 'invoice'], ['0113', 'invoice'], ['inv-2024-0114', 'invoice2'], ['first.last@x.example', 'invoice'], ['first last', 'invoice'], ['zyzzyva', 'deep'], ['uberfallige rechnung', 'german'], ['Rechnung', 'german'], ['anna.berg@nordwind.example', 'event'], ['berg', 'event'], ['paying', 'invoice'],
  ])('%s is found first', async (q, id) => {
    for (const mode of ['keyword', 'hybrid'] as const) expect((await find('s', q, { mode })).slice(0, id === 'invoice' && q === 'paying' ? 2 : 1)).toContain(id);
  });
  it('finds a paraphrase that shares no word', async () => {
    expect((await find('s', 'vehicle motor problems')).slice(0, 3)).toContain('car');
    expect(await find('s', 'vehicle motor problems', { mode: 'keyword' })).toEqual([]);
    expect((await find('s', 'vehicle motor problems', { mode: 'semantic' }))[0]).toBe('car');
  });
  it('answers a keyword query in hybrid as in keyword mode', async () => {
    for (const q of ['project budgets', 'weekly notes 17', 'pay soon']) {
      const keyword = await find('s', q, { mode: 'keyword' });
      expect((await find('s', q)).slice(0, Math.min(10, keyword.length))).toEqual(keyword.slice(0, 10));
    }
  });
  it.each([
    [{ person: 'FIRST.last@x.example' }, ['invoice']], [{ stream: 'calendar' }, ['event']], [{ integration: 'google_calendar' }, ['event']], [{ connection: 'c2' }, []],
    [{ fromMs: Date.parse('2026-06-10T00:00:00Z'), toMs: Date.parse('2026-06-11T00:00:00Z') }, ['invoice']], [{ person: 'x\' OR 1=1 --' }, []],
  ])('narrows both legs to %j', async (filters, ids) => {
    for (const mode of ['keyword', 'semantic', 'hybrid'] as const) for (const id of await find('s', 'pay room reminder kick', { mode, filters })) expect(ids).toContain(id);
    if (ids.length > 0) expect(await find('s', 'pay room', { filters })).toEqual(ids);
  });
  it('brings more than asked for, so that stale hits can be dropped', async () => { expect((await find('s', 'notes', { limit: 10 })).length).toBe(20); });
  it.each(['fox" OR 1=1 --', '\'; drop table', '((((', '*', 'a AND', '\u0000', 'the', '🎉', 'x'.repeat(1_000)])('survives %j', async (q) => {
    for (const mode of ['keyword', 'semantic', 'hybrid'] as const) expect(Array.isArray(await find('s', q, { mode }))).toBe(true);
  });
  it('falls back to keywords when the query has no vector', async () => { for (const vector of [null, new Float32Array(local.dims)]) expect((await find('s', 'zyzzyva', { vector, mode: 'semantic' }))[0]).toBe('deep'); });
  it('answers nothing for a tenant without memory, and creates nothing for it', async () => {
    expect(await find('nobody', 'x')).toEqual([]);
    expect(await memory.stats(space('nobody'))).toBeNull();
  });
  it('keeps tenants and embedders apart', async () => {
    await memory.store(space('t1'), await rowsOf([{ id: 'mine', text: 'secretplan' }]));
    await memory.store({ tenant: 't1', embedder: { id: 'openai-x-4', dims: 4 } }, [{ ...(await rowsOf([{ id: 'model', text: 'secretplan' }]))[0]!, vector: new Float32Array([1, 0, 0, 0]) }]);
    await memory.store(space('t2'), await rowsOf([{ id: 'theirs', text: 'secretplan' }]));
    expect(await find('t1', 'secretplan')).toEqual(['mine']);
    expect(await find('t2', 'secretplan')).toEqual(['theirs']);
  });
  it('finds what another process has just stored', async () => {
    const other = openSemanticMemory({ uri: folder });
    await memory.store(space('fresh'), await rowsOf([{ id: 'a', text: 'first' }]));
    expect(await find('fresh', 'first', {}, other)).toEqual(['a']);
    await memory.store(space('fresh'), await rowsOf([{ id: 'b', text: 'second thing' }]));
    expect(await find('fresh', 'second', { mode: 'keyword' }, other)).toEqual(['b']);
    await other.close();
  });
});

/** A rare word and mails that hold only its relatives: short ones, so that BM25 likes them better than the long mail with the word at character 9,000. */
const FAMILIES: [string, string[]][] = [
  ['legale', ['legal', 'legally', 'legals', 'legality']], ['todays', ['today', 'todayed']], ['emailed', ['email', 'emails', 'emailing']], ['partly', ['part', 'parts', 'parted', 'party', 'parties']],
  ['attaches', ['attach', 'attached', 'attachment', 'attachments', 'attaching']], ['reportedly', ['report', 'reports', 'reported', 'reporting']], ['lined', ['line', 'lines', 'liner', 'lining']],
  ['didn', ['did', 'did not']], ['marked', ['mark', 'marks', 'market', 'marking', 'markets']],
  ['rechnungsweg', ['rechnung', 'rechnungen']], ['vertragen', ['vertrag', 'verträge', 'vertrages']], ['geliefertes', ['geliefert', 'gelieferte', 'lieferung']],
  ['livrable', ['livre', 'livrer', 'livraison', 'livrables']], ['factures', ['facture', 'facturer', 'facturation']], ['facturado', ['factura', 'facturas', 'facturar']], ['quotata', ['quota', 'quotas', 'quote']],
];
describe('words as they are typed, and their forms', () => {
  const filler = 'Thank you for the call about the idea of next week, we will come back to it. ';
  beforeAll(async () => {
    const family = FAMILIES.flatMap(([word, others]) => Array.from({ length: 40 }, (_, i) => ({ id: `${word}-${i}`, title: others[i % others.length]!, text: `${others.join(' ')} ${others[i % others.length]!} ${others.join(' ')}` })));
    const own = FAMILIES.map(([word]) => ({ id: word, title: 'Note', text: `${filler.repeat(117).slice(0, 9_000)} ${word === 'didn' ? 'didn\'t' : word}, and that is all.` }));
    await memory.store(space('forms'), await rowsOf([...family, ...own,
      { id: 'planned', text: 'We planned it long ago.' }, { id: 'companies', text: 'Two companies were there.' }, { id: 'umlaut', text: 'Grüße von Herrn Schönbühler aus Zürich' }, { id: 'spelled', text: 'Frau Koesterle schreibt' },
      { id: 'apostrophe', text: 'Voici l\'offre signée hier' }, { id: 'hyphen', text: 'Die E-Mail-Adresse des Kick-off-Teams' }, { id: 'chinese', text: '请付款给我们的公司，发票号码在下面' }, { id: 'japanese', text: '東京都の請求書を送ります' },
      { id: 'combining', text: 'Re\u0301union a\u0300 Tromsø' }, { id: 'zahlung', text: 'Die Zahlungen sind da' }, { id: 'reunion', text: 'Las reuniones del lunes' }, { id: 'offres', text: 'Nos devis signés' }]));
    await memory.upkeep(space('forms'));
  });
  it.each(FAMILIES.map(([word]) => word))('finds %s before its whole family', async (word) => {
    for (const mode of ['keyword', 'hybrid'] as const) expect((await find('forms', word, { mode }))[0]).toBe(word);
  });
  it.each([
    ['plan', 'planned'], ['planning', 'planned'], ['company', 'companies'], ['Zahlung', 'zahlung'], ['reunión', 'reunion'], ['signé', 'offres'], ['signée', 'apostrophe'],
    ['schonbuhler', 'umlaut'], ['Schoenbuehler', 'umlaut'], ['Schönbühler', 'umlaut'], ['Zuerich', 'umlaut'], ['Kösterle', 'spelled'], ['offre', 'apostrophe'], ['l\'offre', 'apostrophe'], ['mail adresse', 'hyphen'], ['E-Mail-Adresse', 'hyphen'], ['kick-off', 'hyphen'],
    ['发票', 'chinese'], ['付款', 'chinese'], ['請求書', 'japanese'], ['réunion', 'combining'], ['Tromso', 'combining'],
  ])('%s finds %s', async (q, id) => { expect((await find('forms', q, { mode: 'keyword' })).slice(0, 10)).toContain(id); });
  it('finds the family behind the word', async () => {
    const found = await find('forms', 'attaches', { mode: 'keyword', limit: 30 });
    expect(found.slice(1, 31).every((id) => id.startsWith('attaches-'))).toBe(true);
  });
  it('puts words that stand together before words that stand apart', async () => {
    await memory.store(space('near'), await rowsOf([{ id: 'apart', text: 'green tea in the morning, in the afternoon a field trip with the house team' }, { id: 'together', text: 'a visit of the green house team, with tea in the morning and in the afternoon' }]));
    expect(await find('near', 'green house', { mode: 'keyword' })).toEqual(['together', 'apart']);
  });
});

describe('keeping in order', () => {
  it('gives a table with the former, stemming index the new one, and answers meanwhile', async () => {
    await memory.store(space('former'), await rowsOf([...Array.from({ length: 40 }, (_, i) => ({ id: `f${i}`, text: 'legal legal legally' })), { id: 'rare', text: `${'some other words '.repeat(300)} legale` }]));
    const db = await connect(join(folder, 'former')), table = (await findTable(db, local.id))!;
    await table.dropIndex('body_fts_3');
    await table.createIndex('body', { name: 'body_fts', config: Index.fts({ language: 'English', stem: true }) });
    const other = openSemanticMemory({ uri: folder });
    expect((await find('former', 'legal', { mode: 'keyword' }, other)).length).toBeGreaterThan(0);
    await other.upkeep(space('former'));
    await table.checkoutLatest();
    expect((await table.listIndices()).map((index) => index.name).filter((index) => index.startsWith('body'))).toEqual(['body_fts_3']);
    expect((await find('former', 'legale', { mode: 'keyword' }, other))[0]).toBe('rare');
    expect((await other.stats(space('former')))).toMatchObject({ rows: 41, unindexedRows: 0 });
    await other.close();
    table.close();
    db.close();
  });
  it('bounds fragments and unindexed rows by itself while chunks come in, and loses none', async () => {
    const texts = Array.from({ length: 60 }, (_, chunk) => Array.from({ length: 40 }, (_x, i) => ({ id: `${chunk}-${i}`, text: `chunk${chunk} item${i} common` })));
    for (const chunk of texts) await memory.store(space('many'), await rowsOf(chunk));
    await memory.upkeep(space('many'));
    const stats = (await memory.stats(space('many')))!;
    expect(stats.rows).toBe(2_400);
    expect(stats.fragments).toBeLessThan(100);
    expect(stats.unindexedRows).toBeLessThanOrEqual(UNINDEXED_AT_REST_MAX);
    expect(await find('many', 'chunk59 item39', { mode: 'keyword', limit: 1 })).toContain('59-39');
    expect(await memory.upkeep(space('many'))).toBe('not_needed');
  });
  it('two writers and their upkeep do not lose a row', async () => {
    const other = openSemanticMemory({ uri: folder });
    await Promise.all([memory, other].map(async (writer, w) => {
      for (let chunk = 0; chunk < 12; chunk += 1) { await writer.store(space('two'), await rowsOf(Array.from({ length: 20 }, (_, i) => ({ id: `${w}-${chunk}-${i}`, text: `text ${i}` })))); if (chunk % 5 === 4) await writer.upkeep(space('two')); }
    }));
    expect((await memory.stats(space('two')))?.rows).toBe(480);
    await other.close();
  });
  it('loses no row where several create the table at once, one of them late', async () => {
    for (let round = 0; round < 30; round += 1) {
      const writers = Array.from({ length: 4 }, () => openSemanticMemory({ uri: folder })), where = space(`born-${round}`);
      await Promise.all(writers.map(async (writer, w) => writer.store(where, await rowsOf([{ id: `${w}`, text: 'wordone' }]))));
      expect((await writers[0]!.stats(where))?.rows).toBe(4);
      const db = await connect(join(folder, where.tenant));
      expect(await textTables(db), 'who came too late leaves nothing').toHaveLength(1);
      db.close();
      for (const writer of writers) await writer.close();
    }
  });
  it('goes by the first proposal of a table, whatever is written over it, and by the next ones when that table was dropped', async () => {
    const db = await connect(join(folder, 'proposed')), first = await createTable(db, local.id, local.dims), proposals = (await db.tableNames()).find((name) => name.startsWith('proposed__'));
    await db.createTable(proposals!, [{ table: 'memory__late' }], { mode: 'overwrite' });
    expect((await findTable(db, local.id))!.name).toBe(first.name);
    expect((await createTable(db, local.id, local.dims)).name).toBe(first.name);
    await db.dropTable(first.name);
    expect(await findTable(db, local.id)).toBeNull();
    const second = await createTable(db, local.id, local.dims);
    expect(second.name).not.toBe(first.name);
    expect((await findTable(db, local.id))!.name).toBe(second.name);
    expect(await textTables(db)).toEqual([{ name: second.name, embedderId: local.id }]);
  });
  it('keeps to a table of the time when all creators used the same name', async () => {
    const db = await connect(join(folder, 'same-name'));
    await db.createEmptyTable(`memory__${local.id}`, schemaOf(local.dims));
    await memory.store(space('same-name'), await rowsOf([{ id: 'a', text: 'wordone' }]));
    expect(await db.tableNames()).toEqual([`memory__${local.id}`]);
    expect(await find('same-name', 'wordone')).toEqual(['a']);
  });
  it('removes all versions of records that nobody has stored since, but the one to keep', async () => {
    await memory.store(space('gone'), [...await rowsOf([{ id: 'a', text: 'wordone' }, { id: 'it\'s', text: 'wordone' }, { id: 'c', text: 'wordone' }]), ...await rowsOf([{ id: 'a', text: 'wordone again', hash: 'h2' }])]);
    const records = [{ recordId: 'a', keep: 'h2' }, { recordId: 'it\'s', keep: null }], before = Date.now() + 1;
    expect(await memory.remove('gone', records, before - 60_000), 'stored since').toBe(0);
    expect(await memory.remove('gone', records, before)).toBe(2);
    expect((await find('gone', 'wordone', { mode: 'keyword' })).toSorted()).toEqual(['a', 'c']);
    await vi.waitFor(() => { expect(Date.now()).toBeGreaterThan(before); });
    expect(await memory.store(space('gone'), await rowsOf([{ id: 'c', text: 'wordone' }])), 'there already, now renewed').toBe(0);
    expect(await memory.remove('gone', [{ recordId: 'c', keep: null }], before), 'whoever is about to name it finds it').toBe(0);
    expect((await memory.stats(space('gone')))?.rows).toBe(2);
    await memory.dropOthers('gone', []);
    expect(await find('gone', 'wordone')).toEqual([]);
    expect(await memory.store(space('gone'), await rowsOf([{ id: 'new', text: 'wordone' }]))).toBe(1);
  });
  it('sweeps what the ledger does not name from all tables of a tenant, but nothing that may still be committed', async () => {
    await memory.store(space('sweep'), await rowsOf([{ id: 'a', text: 'x1' }, { id: 'b', text: 'x2' }]));
    await memory.store({ tenant: 'sweep', embedder: { id: 'openai-x-4', dims: 4 } }, [{ ...(await rowsOf([{ id: 'c', text: 'x3' }]))[0]!, vector: new Float32Array([1, 0, 0, 0]) }]);
    const named = (ids: string[]) => Promise.resolve(new Set(ids.filter((id) => id === 'a:h1'))), signal = new AbortController().signal;
    expect(await memory.sweep('sweep', named, SWEEP_AFTER_MS, signal)).toBe(0);
    await expect(memory.sweep('sweep', named, -60_000, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(await memory.sweep('sweep', named, -60_000, signal)).toBe(2);
    expect((await memory.stats(space('sweep')))?.rows).toBe(1);
  });
});

describe('fusion', () => {
  const hit = (id: string, share: number, isExact = false): KeywordHit => ({ id, score: 1, coverage: share, isExact });
  const ids = (keyword: KeywordHit[], vector: string[], trust: 'basic' | 'model' = 'basic') => fuse(keyword, vector.map((id) => ({ id, score: 0.9 })), trust).map(({ id }) => id);
  it('keeps keyword hits that hold the query in their order and before everything else', () => { expect(ids([hit('a', 1), hit('b', 1), hit('c', 0.7)], ['x', 'b', 'y'])).toEqual(['a', 'b', 'c', 'x', 'y']); });
  it('gives meaning the lead where words fail', () => { expect(ids([hit('a', 0.1), hit('b', 0)], ['x', 'y', 'z'])).toEqual(['x', 'a', 'y', 'b', 'z']); });
  it('puts what was asked for literally in front, for a model too', () => { for (const trust of ['basic', 'model'] as const) expect(ids([hit('a', 1), hit('b', 0.3, true)], ['a', 'x'], trust)[0]).toBe('b'); });
  it('lets a model vote: what both legs name comes first', () => { expect(ids([hit('a', 1), hit('b', 1)], ['b', 'x'], 'model')).toEqual(['b', 'a', 'x']); });
  it('names every hit once, with ranks and a falling score', () => {
    const fused = fuse([hit('a', 1), hit('b', 0)], [{ id: 'b', score: 1 }, { id: 'a', score: 0.5 }], 'basic');
    expect(fused.map(({ id, keywordRank, vectorRank }) => [id, keywordRank, vectorRank])).toEqual([['a', 1, 2], ['b', 2, 1]]);
    expect(fused[0]!.fused).toBe(1);
    expect(fused[1]!.fused).toBeLessThan(1);
    expect(fuse([], [], 'basic')).toEqual([]);
  });
});

describe('recency', () => {
  const now = Date.UTC(2026, 5, 1), hit = (fused: number, days: number) => ({ fused, occurredAt: now - days * 86_400_000 });
  it('puts the newer of two equal hits first and leaves a much better old one in front', () => {
    expect(newerFirst([hit(0.9, 200), hit(0.9, 2)], now).map((h) => h.occurredAt)).toEqual([hit(0, 2).occurredAt, hit(0, 200).occurredAt]);
    expect(newerFirst([hit(1, 900), hit(0.6, 0)], now)[0]!.occurredAt).toBe(hit(0, 900).occurredAt);
  });
  it('takes a meeting of next week for as new as today, and never more than its share', () => {
    expect(newerFirst([hit(1, -7)], now)[0]!.fused).toBe(1);
    expect(newerFirst([hit(1, 36_500)], now)[0]!.fused).toBeCloseTo(1 - RECENCY_WORTH, 3);
  });
});

describe('snippets', () => {
  it('shows the window that holds most of the query, marked', () => {
    const text = `${'filler text without meaning. '.repeat(40)}The invoice for the Überweisung was paid late. ${'more filler. '.repeat(40)}invoice`;
    const shown = snippet(text, 'invoices uberweisung');
    expect(shown).toContain('⟦invoice⟧ for the ⟦Überweisung⟧');
    expect(shown.length).toBeLessThan(300);
    expect(shown).toMatch(/^….*…$/);
  });
  it('shows the beginning when nothing matches, and short texts whole', () => {
    expect(snippet('short text', 'nothing')).toBe('short text');
    expect(snippet('a b c', '')).toBe('a b c');
    expect(snippet('', 'x')).toBe('');
    expect(snippet('word '.repeat(200), 'zzz')).toMatch(/^word .*…$/);
  });
  it('marks addresses and identifiers in their parts, and trusts no marks in the text', () => { expect(snippet('⟦evil⟧ see INV-2024-0113', 'inv-2024-0113')).toBe('evil see ⟦INV⟧-⟦2024⟧-⟦0113⟧'); });
  it('never cuts a character in half', () => { for (let n = 230; n < 260; n += 1) expect(snippet(`${'x'.repeat(n)}${'😀'.repeat(50)} word`, 'word').isWellFormed()).toBe(true); });
  it('shows title and people of what has no body', () => {
    const event = { title: 'Quarterly review', text: '', people: ['anna@x.example', 'ben@x.example'] };
    expect(snippetOf(event, 'review')).toBe('Quarterly ⟦review⟧ · anna@x.example, ben@x.example');
    expect(snippetOf({ ...event, text: 'Room 4' }, 'room')).toBe('Quarterly review · ⟦Room⟧ 4 · anna@x.example, ben@x.example');
    expect(snippetOf({ ...event, text: 'A body of its own that says what it is about.' }, 'body')).toBe('A ⟦body⟧ of its own that says what it is about.');
  });
  it('marks other spellings', () => { expect(snippet('Herr Müller kommt', 'mueller')).toBe('Herr ⟦Müller⟧ kommt'); });
  it('counts neighbours of the query that are neighbours in the text', () => {
    expect(likeness(termsOf('green house team'), fold('The team of the green house'))).toEqual({ coverage: 1, closeness: 1 });
    expect(likeness(termsOf('green house'), fold(`green ${'x '.repeat(20)} house`))).toEqual({ coverage: 1, closeness: 0 });
    expect(likeness([], 'x')).toEqual({ coverage: 0, closeness: 0 });
  });
  it('matches endings as the index does, and no other words', () => {
    expect(coverage(termsOf('meetings running'), fold('The meeting runs'))).toBe(1);
    expect(coverage(termsOf('art'), fold('start'))).toBe(0);
  });
});
