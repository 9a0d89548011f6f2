/** Words of scripts without spaces: joints between them in the index, none in what is read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localEmbedder } from '#fly-worker/embed/local';
import { joint, unjoint } from '#fly-worker/semantic/joints';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';

const space = { tenant: 't', embedder: localEmbedder() };
const TEXTS = {
  chinese: '我们明天在北京开会讨论预算，请带上合同。', japanese: '東京都の会議でプロジェクトの予算を確認しました。', thai: 'สวัสดีครับ พรุ่งนี้เราจะประชุมเรื่องงบประมาณ', mixed: 'Re: 会议 at 9:30 in Zürich with Müller & 田中さん', korean: '내일 회의에서 예산을 논의합니다', latin: 'Grüße, l’été à Zürich 3.14 foo_bar',
};

describe('joints', () => {
  it.each(Object.entries(TEXTS))('come and go without a trace: %s', (_, text) => { expect(unjoint(joint(text))).toBe(text); });
  it('stand only where a script has no spaces', () => {
    for (const name of ['korean', 'latin'] as const) expect(joint(TEXTS[name])).toBe(TEXTS[name]);
    expect(joint(TEXTS.mixed)).toMatch(/^Re: 会议 at 9:30 in Zürich with Müller & 田中\ufdd0さん$/);
  });
  it('that stood in a text before become replacement characters, so that offsets stay', () => { expect(unjoint(joint('a\ufdd0b'))).toBe('a\ufffdb'); });
});

describe('in semantic memory', () => {
  let folder: string, memory: SemanticMemory;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'joints-'));
    memory = openSemanticMemory({ uri: folder });
    await memory.store(space, Object.entries(TEXTS).map(([id, text]) => ({ recordId: id, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title: `会议纪要 ${id}`, text, parts: [{ kind: 'quote', start: 3, end: 6 }], people: ['a@b.example'], url: null, vector: null })));
  });
  afterAll(async () => { await memory.close(); rmSync(folder, { recursive: true }); });

  it.each([['北京', 'chinese'], ['预算', 'chinese'], ['会議', 'japanese'], ['プロジェクト', 'japanese'], ['ประชุม', 'thai'], ['งบประมาณ', 'thai'], ['田中', 'mixed'], ['회의에서', 'korean'], ['zurich foo_bar', 'latin']])('%s finds %s, indexed or not', async (q, id) => {
    const found = async (): Promise<string> => (await memory.search(space, { q, mode: 'keyword', limit: 1, vector: null }))[0]!.recordId;
    expect(await found()).toBe(id);
    await memory.upkeep(space);
    expect(await found()).toBe(id);
  });
  it.each(Object.entries(TEXTS))('is read as it was written, whole or as a hit: %s', async (id, text) => {
    expect(await memory.get(space, id, 'h')).toMatchObject({ text, title: `会议纪要 ${id}`, people: ['a@b.example'] });
    const [hit] = await memory.texts(space, await memory.search(space, { q: `纪要 ${id}`, mode: 'keyword', limit: 1, vector: null }));
    expect(hit).toMatchObject({ recordId: id, text, title: `会议纪要 ${id}`, people: ['a@b.example'] });
  });
});
