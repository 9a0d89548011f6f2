/**
 * The peers' side of `npm run bench -- peers`: runs in a folder of its own, where they are installed (peers.ts), on mails and vectors that it is given.
 * One JSON line of figures. Each is used as its documentation shows; none is tuned, none is held back.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Mail { id: string; title: string; html: string; text: string }
/** The same local embedder for all: vectors by text, made beforehand and looked up, so that only what lies round it is measured. */
interface Given { mails: Mail[]; dims: number; embed(texts: string[]): number[][] }
type Figures = { seconds: number; passages: number };

const CHUNK = 100, PASSAGE_CHARS = 2_000, OVERLAP_CHARS = 200;
const [, , peer = '', folder = '', embedderPath = '', databaseUrl = ''] = process.argv;

/** Packages that are not the project's: named at run time, so that no type is asked of them. */
const load = async (name: string): Promise<any> => import(name);

async function given(): Promise<Given> {
  const { localEmbedder } = await load(embedderPath), embedder = localEmbedder(), mails = JSON.parse(readFileSync(join(folder, 'mails.json'), 'utf8')) as Mail[];
  return { mails, dims: embedder.dims, embed: (texts) => { const flat = embedder.embedNow(texts) as Float32Array; return texts.map((_, i) => [...flat.subarray(i * embedder.dims, (i + 1) * embedder.dims)]); } };
}

async function langchain({ mails, embed }: Given): Promise<Figures> {
  const { LanceDB } = await load('@langchain/community/vectorstores/lancedb'), { RecursiveCharacterTextSplitter } = await load('@langchain/textsplitters'), { Embeddings } = await load('@langchain/core/embeddings'), { Document } = await load('@langchain/core/documents');
  const { connect } = await load('@lancedb/lancedb'), db = await connect(join(folder, 'langchain'));
  class Local extends Embeddings { constructor() { super({}); } async embedDocuments(texts: string[]) { return embed(texts); } async embedQuery(text: string) { return embed([text])[0]!; } }
  const splitter = new RecursiveCharacterTextSplitter({ chunkSize: PASSAGE_CHARS, chunkOverlap: OVERLAP_CHARS }), began = performance.now();
  let store: any = null, passages = 0;
  for (let from = 0; from < mails.length; from += CHUNK) {
    const pieces = await splitter.splitDocuments(mails.slice(from, from + CHUNK).map((mail) => new Document({ pageContent: `${mail.title}\n${mail.text}`, metadata: { id: mail.id } })));
    passages += pieces.length;
    if (store) await store.addDocuments(pieces);
    else {
      const vectors = embed(pieces.map((piece: any) => piece.pageContent)), table = await db.createTable('mails', pieces.map((piece: any, i: number) => ({ vector: vectors[i], text: piece.pageContent, id: piece.metadata.id, loc: '' })).map(({ loc: _, ...row }: any) => row));
      for (const piece of pieces) piece.metadata = { id: piece.metadata.id };
      store = new LanceDB(new Local(), { table });
    }
  }
  return { seconds: (performance.now() - began) / 1000, passages };
}

async function llamaindex({ mails, embed }: Given): Promise<Figures> {
  const { Document, MetadataMode } = await load('@llamaindex/core/schema'), { SentenceSplitter } = await load('@llamaindex/core/node-parser');
  const { connect } = await load('@lancedb/lancedb'), db = await connect(join(folder, 'llamaindex'));
  const splitter = new SentenceSplitter({ chunkSize: PASSAGE_CHARS / 4, chunkOverlap: OVERLAP_CHARS / 4 }), began = performance.now();
  let table: any = null, passages = 0;
  for (let from = 0; from < mails.length; from += CHUNK) {
    const nodes = splitter.getNodesFromDocuments(mails.slice(from, from + CHUNK).map((mail) => new Document({ text: `${mail.title}\n${mail.text}`, id_: mail.id, metadata: { id: mail.id } })));
    passages += nodes.length;
    const texts = nodes.map((node: any) => node.getContent(MetadataMode.NONE) as string), vectors = embed(texts);
    const rows = nodes.map((node: any, i: number) => ({ vector: vectors[i], text: texts[i], id: node.id_, mail: String(node.metadata.id) }));
    // It has no store for LanceDB in TypeScript: its nodes are written by LanceDB's own client.
    if (table) await table.add(rows); else table = await db.createTable('mails', rows);
  }
  return { seconds: (performance.now() - began) / 1000, passages };
}

/** From `addJob` until a worker has it, one at a time, the worker idle. */
async function graphileWorker(): Promise<{ times: number[] }> {
  const { run, makeWorkerUtils } = await load('graphile-worker'), times: number[] = [];
  let met: () => void = () => undefined;
  const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined }, { Logger } = await load('graphile-worker');
  const logger = new Logger(() => (level: keyof typeof quiet) => quiet[level]?.()), settings = { connectionString: databaseUrl, logger };
  const utils = await makeWorkerUtils(settings);
  await utils.migrate();
  const runner = await run({ ...settings, concurrency: 4, noHandleSignals: true, taskList: { look: async () => met() } });
  for (let i = 0; i <= 60; i += 1) {
    const began = performance.now(), taken = new Promise<void>((resolve) => { met = () => { if (i > 0) times.push(performance.now() - began); resolve(); }; });
    await utils.addJob('look', { n: i });
    await taken;
  }
  await runner.stop();
  await utils.release();
  return { times };
}

const figures = peer === 'graphile-worker' ? await graphileWorker() : await ({ langchain, llamaindex } as Record<string, (given: Given) => Promise<Figures>>)[peer]!(await given());
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
