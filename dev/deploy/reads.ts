/** Which secrets and variables the code reads: off the types that TypeScript holds every read against, off the machines' schema, and off what connectors name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '#fly-worker/connectors/index';
import type { Reader, Setting } from './settings.ts';

/** Where the shapes of the environment are declared: the file, and the interface or schema in it. */
const DECLARED: { file: string; begin: string; reader: Reader }[] = [
  { file: 'worker-api/env.ts', begin: 'export interface Env ', reader: 'edge' },
  { file: 'durable-objects/sync-job.ts', begin: 'export interface SyncJobEnv ', reader: 'edge' },
  { file: 'durable-objects/fleet-machine.ts', begin: 'export interface FleetSettings ', reader: 'edge' },
  { file: 'fly-worker/config.ts', begin: 'const Config = ', reader: 'machine' },
  { file: 'contract/trace.ts', begin: 'export const TraceSettings = ', reader: 'machine' },
];
/** Read by the LanceDB library itself. */
const BY_LIBRARIES: [string, Reader][] = [['LANCEDB_LOG', 'machine']];
/** Read under a name that is no part of a connector or the declared shapes. */
const BY_INDEX: [string, Reader][] = [['FLY_API_URL', 'edge'], ['OPENAI_BASE_URL', 'edge']];

/** `NAME reader` of everything that is read. Bindings of wrangler.toml are none of it. */
export function readsOf(root: string, bindings: ReadonlySet<string>): Set<string> {
  const found = new Set([...BY_LIBRARIES, ...BY_INDEX].map(([name, reader]) => `${name} ${reader}`));
  for (const { file, begin, reader } of DECLARED) for (const name of declaredIn(readFileSync(join(root, file), 'utf8'), begin)) if (!bindings.has(name)) found.add(`${name} ${reader}`);
  for (const { baseUrl, oauth } of connectors) {
    // The desk asks there whose account it is; the machines read it.
    if (baseUrl) for (const reader of ['edge', 'machine']) found.add(`${baseUrl.env} ${reader}`);
    if (!oauth) continue;
    for (const place of [oauth.authorize, oauth.token, ...oauth.revoke ? [oauth.revoke] : []]) found.add(`${place.env} edge`);
    for (const part of ['ID', 'SECRET']) found.add(`${oauth.provider.toUpperCase()}_CLIENT_${part} edge`);
  }
  return found;
}

/** Members in capitals of the braces behind `begin`. Throws when the file has no such place. */
export function declaredIn(text: string, begin: string): string[] {
  const from = text.indexOf(begin);
  if (from < 0) throw new Error(`There is no "${begin.trim()}" to read settings off.`);
  const open = text.indexOf('{', from);
  let depth = 0, end = open;
  do depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0; while (depth > 0 && ++end < text.length);
  return [...text.slice(open, end).replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(/(?:^|[\s{;,])([A-Z][A-Z0-9_]+)\??:/g)].map((m) => m[1]!);
}

/** What the list has too much or too little, in sentences. */
export function faultsOfList(list: readonly Setting[], reads: ReadonlySet<string>): string[] {
  const listed = new Set(list.flatMap(({ name, readers }) => readers.map((reader) => `${name} ${reader}`)));
  const inWords = (entry: string): string => entry.replace(' ', ' (') + ')';
  return [
    ...[...reads].filter((entry) => !listed.has(entry)).map((entry) => `${inWords(entry)} is read and not listed in dev/deploy/settings.ts`),
    ...[...listed].filter((entry) => !reads.has(entry)).map((entry) => `${inWords(entry)} is listed in dev/deploy/settings.ts and nobody reads it`),
  ];
}
