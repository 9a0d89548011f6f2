/** Secrets that are planted on purpose, everything that is kept or said afterwards, and a search of the one for the others. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import type { Database } from '#migrations/database';

/** Secret -> what it is, for the message. */
export type Planted = Map<string, string>;

/** Where one was found, without repeating it. */
type Finding = string;

/** In every spelling that it may be kept in. */
const spellings = (secret: string): string[] => [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -2)])];

export function findIn(where: string, text: string | Buffer, planted: Planted): Finding[] {
  return [...planted].flatMap(([secret, what]) => (spellings(secret).some((spelling) => text.includes(spelling)) ? [`${where} holds ${what}`] : []));
}

/** Every file below a folder, as bytes: logs, object storage of workerd (SQLite), LanceDB, Postgres' own files with its log. `except`: whatever is kept there is no finding. */
export function findInFiles(dir: string, planted: Planted, except: RegExp): Finding[] {
  return (readdirSync(dir, { recursive: true }) as string[]).filter((name) => !except.test(name)).flatMap((name) => {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    return stat?.isFile() ? findIn(name, readFileSync(join(dir, name)), planted) : [];
  });
}

/** Every row of every table in every schema but Postgres' own, as its text: json and arrays as they read, bytes in hex. */
export async function findInDatabase(owner: Database, planted: Planted): Promise<Finding[]> {
  const [tables] = await owner.system([sql`select table_schema as schema, table_name as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`]);
  const wanted = [...planted].flatMap(([secret, what]) => [...spellings(secret), Buffer.from(secret).toString('hex')].map((spelling) => ({ spelling, what }))), findings = new Set<Finding>();
  for (const { schema, name } of tables as unknown as { schema: string; name: string }[]) {
    const [hits] = await owner.system([sql`
      select distinct w.what from ${sql.identifier(schema)}.${sql.identifier(name)} t, jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w(spelling text, what text) where position(w.spelling in t::text) > 0`]);
    for (const { what } of hits as unknown as { what: string }[]) findings.add(`${schema}.${name} holds ${what}`);
  }
  return [...findings];
}

/** Every row of every LanceDB table below a folder, as it reads: its files may be packed. */
export async function findInLance(dir: string, planted: Planted): Promise<{ rows: number; findings: Finding[] }> {
  const findings: Finding[] = [];
  let rows = 0;
  for (const name of (readdirSync(dir, { recursive: true }) as string[]).filter((one) => one.endsWith('.lance') && statSync(join(dir, one)).isDirectory())) {
    const db = await connect(join(dir, name, '..')), table = await db.openTable(name.replace(/^.*\//, '').replace(/\.lance$/, ''));
    const all = await table.query().toArray() as object[];
    rows += all.length;
    findings.push(...findIn(`LanceDB ${name}`, JSON.stringify(all, (key, value: unknown) => (key === 'vector' ? undefined : typeof value === 'bigint' ? String(value) : value)), planted));
    db.close();
  }
  return { rows, findings };
}

export interface Recorder { url: string; stop(): Promise<void> }
/** Stands before a provider's sign-in and plants what goes through: codes, verifiers, tokens. `target` is asked for with every request. */
export async function recordTokens(target: () => string, planted: Planted): Promise<Recorder> {
  const note = (text: string): void => {
    const fields = text.startsWith('{') ? Object.entries(JSON.parse(text) as Record<string, unknown>) : [...new URLSearchParams(text)];
    for (const [name, value] of fields) if (/token$|^code|secret|verifier/.test(name) && typeof value === 'string' && value.length > 15) planted.set(value, name);
  };
  const server: Server = createServer((request, response) => void (async () => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    if (request.method === 'POST') note(body);
    const answer = await fetch(`${target()}${request.url!}`, { method: request.method!, redirect: 'manual', headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' }, ...(request.method === 'POST' && { body }) });
    const text = await answer.text();
    if (request.method === 'POST') note(text);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain', ...(answer.headers.get('location') && { location: answer.headers.get('location')! }) });
    response.end(text);
  })().catch((error: unknown) => { response.writeHead(502); response.end(String(error)); }));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }) };
}
