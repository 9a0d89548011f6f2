/**
 * The peers' side of `npm run bench -- peers`: copied to the folder where they are installed (peers.ts) and run there, on mails and an embedder that it is
 * given. One JSON line of figures. Each peer is used as its documentation shows; none is tuned, none is held back.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Mail { id: string; text: string }
/** Of the packages, which are not the project's, what is used of them. */
interface Document { pageContent: string; metadata: Record<string, unknown> }
interface LangChain {
  '@langchain/core/documents': { Document: new (fields: Document) => Document };
  '@langchain/core/embeddings': { Embeddings: new (fields: object) => object };
  '@langchain/textsplitters': { RecursiveCharacterTextSplitter: new (how: object) => { splitDocuments(documents: Document[]): Promise<Document[]> } };
  '@langchain/community/vectorstores/lancedb': { LanceDB: new (embeddings: object, where: object) => { addDocuments(documents: Document[]): Promise<void> } };
}
interface Node { id_: string; metadata: { id: string }; getContent(mode: unknown): string }
interface LlamaIndex {
  '@llamaindex/core/schema': { Document: new (fields: object) => object; MetadataMode: { NONE: unknown } };
  '@llamaindex/core/node-parser': { SentenceSplitter: new (how: object) => { getNodesFromDocuments(documents: object[]): Node[] } };
}
interface Table { add(rows: object[]): Promise<unknown> }
interface Lance { '@lancedb/lancedb': { connect(uri: string): Promise<{ createTable(name: string, rows: object[]): Promise<Table> }> } }
interface Graphile { 'graphile-worker': {
  Logger: new (factory: () => () => void) => object;
  run(settings: object): Promise<{ stop(): Promise<void> }>;
  makeWorkerUtils(settings: object): Promise<{ migrate(): Promise<void>; addJob(task: string, payload: object): Promise<unknown>; release(): Promise<void> }>;
} }
type Packages = LangChain & LlamaIndex & Lance & Graphile;
const load = <Name extends keyof Packages>(name: Name): Promise<Packages[Name]> => import(name) as Promise<Packages[Name]>;

const CHUNK = 100, PASSAGE_CHARS = 2_000, OVERLAP_CHARS = 200, CHARS_PER_TOKEN = 4, JOBS = 60;
const [, , peer = '', folder = '', embedderPath = '', databaseUrl = ''] = process.argv;

const mailsOf = (): Mail[] => JSON.parse(readFileSync(join(folder, 'mails.json'), 'utf8')) as Mail[];
/** The same local embedder for all of us. */
async function embedder(): Promise<(texts: string[]) => number[][]> {
  const { embedLocally } = await import(embedderPath) as { embedLocally(texts: readonly string[]): Float32Array };
  return (texts) => { const flat = embedLocally(texts), dims = flat.length / texts.length; return texts.map((_, i) => [...flat.subarray(i * dims, (i + 1) * dims)]); };
}

/** https://docs.langchain.com/oss/javascript/integrations/vectorstores/lancedb */
async function langchain(): Promise<object> {
  const [{ LanceDB }, { RecursiveCharacterTextSplitter }, { Embeddings }, { Document }] = await Promise.all([load('@langchain/community/vectorstores/lancedb'), load('@langchain/textsplitters'), load('@langchain/core/embeddings'), load('@langchain/core/documents')]);
  const embed = await embedder(), mails = mailsOf();
  class Local extends Embeddings { embedDocuments(texts: string[]): Promise<number[][]> { return Promise.resolve(embed(texts)); } embedQuery(text: string): Promise<number[]> { return Promise.resolve(embed([text])[0]!); } }
  const splitter = new RecursiveCharacterTextSplitter({ chunkSize: PASSAGE_CHARS, chunkOverlap: OVERLAP_CHARS }), store = new LanceDB(new Local({}), { uri: join(folder, 'langchain'), tableName: 'mails' });
  const began = performance.now();
  for (let from = 0; from < mails.length; from += CHUNK) {
    const pieces = await splitter.splitDocuments(mails.slice(from, from + CHUNK).map(({ id, text }) => new Document({ pageContent: text, metadata: { id } })));
    await store.addDocuments(pieces);
  }
  return { seconds: (performance.now() - began) / 1000 };
}

/** It has no store for LanceDB in TypeScript: its nodes are written by LanceDB's own client. https://developers.llamaindex.ai/typescript/framework */
async function llamaindex(): Promise<object> {
  const [{ Document, MetadataMode }, { SentenceSplitter }, { connect }] = await Promise.all([load('@llamaindex/core/schema'), load('@llamaindex/core/node-parser'), load('@lancedb/lancedb')]);
  const embed = await embedder(), mails = mailsOf(), db = await connect(join(folder, 'llamaindex'));
  const splitter = new SentenceSplitter({ chunkSize: PASSAGE_CHARS / CHARS_PER_TOKEN, chunkOverlap: OVERLAP_CHARS / CHARS_PER_TOKEN }), began = performance.now();
  let table: Table | null = null;
  for (let from = 0; from < mails.length; from += CHUNK) {
    const nodes = splitter.getNodesFromDocuments(mails.slice(from, from + CHUNK).map(({ id, text }) => new Document({ text, id_: id, metadata: { id } })));
    const texts = nodes.map((node) => node.getContent(MetadataMode.NONE)), vectors = embed(texts);
    const rows = nodes.map((node, i) => ({ vector: vectors[i], text: texts[i], id: node.id_, mail: node.metadata.id }));
    if (table) await table.add(rows); else table = await db.createTable('mails', rows);
  }
  return { seconds: (performance.now() - began) / 1000 };
}

/** From `addJob` until a worker has it, one at a time, the worker idle. https://worker.graphile.org/docs/library */
async function graphileWorker(): Promise<object> {
  const { run, makeWorkerUtils, Logger } = await load('graphile-worker'), settings = { connectionString: databaseUrl, logger: new Logger(() => () => undefined) }, times: number[] = [];
  let met = (): void => undefined;
  const utils = await makeWorkerUtils(settings);
  await utils.migrate();
  const runner = await run({ ...settings, concurrency: 4, noHandleSignals: true, taskList: { look: () => met() } });
  for (let i = 0; i <= JOBS; i += 1) {
    const began = performance.now(), taken = new Promise<void>((resolve) => { met = () => { if (i > 0) times.push(performance.now() - began); resolve(); }; });
    await utils.addJob('look', { n: i });
    await taken;
  }
  await runner.stop();
  await utils.release();
  return { times };
}

const peers: Record<string, () => Promise<object>> = { langchain, llamaindex, 'graphile-worker': graphileWorker };
const figures = await peers[peer]!();
process.stdout.write(`\n${JSON.stringify(figures)}\n`, () => process.exit(0));
