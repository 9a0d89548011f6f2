/** What the machines' image holds, against what its program imports: every file is copied, every package is no development dependency. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Faults of a Dockerfile by the rules we keep, in sentences. */
export function faultsOfDockerfile(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim()), last = (word: string) => lines.findLast((line) => line.startsWith(`${word} `)) ?? '';
  return [
    ...(/^FROM node:24(\.[\d.]+)?-\w*-?slim/.test(last('FROM')) ? [] : ['the image is not Node 24 slim']),
    ...(lines.some((line) => line.startsWith('RUN npm ci') && line.includes('--omit=dev')) ? [] : ['development dependencies are not left out']),
    ...(/^USER (?!root\b|0\b)\S+$/.test(last('USER')) ? [] : ['the program runs as root']),
    ...(/^CMD \["node", .*\]$/.test(last('CMD')) ? [] : ['CMD is not in exec form: signals would reach a shell']),
  ];
}

/** The folders and files that `COPY` brings into the image's last stage, but from other stages. */
export const copiedBy = (text: string): string[] =>
  text.split(/^FROM /m).at(-1)!.split('\n').flatMap((line) => (/^COPY (?!--from)/.test(line) ? line.replace(/^COPY (--\S+ )*/, '').trim().split(/\s+/).slice(0, -1) : [])).map((path) => path.replace(/^\.\/|\/$/g, ''));

interface Needs { files: Set<string>; packages: Set<string> }

/** Everything that a program loads, from its entry points on: imports, and files it names by `new URL(.., import.meta.url)`. Type imports are stripped and need nothing. */
export function needsOf(root: string, entries: readonly string[]): Needs {
  const files = new Set<string>(), packages = new Set<string>(), queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    if (!file.endsWith('.ts')) continue;
    for (const specifier of specifiersIn(readFileSync(join(root, file), 'utf8'))) {
      if (specifier.startsWith('#')) queue.push(`${specifier.slice(1)}.ts`);
      else if (specifier.startsWith('.')) queue.push(relative(root, resolve(root, dirname(file), specifier)));
      else if (!specifier.startsWith('node:')) packages.add(specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  for (const file of files) if (!existsSync(join(root, file))) throw new Error(`${file} is named by the machines' program and is not there.`);
  return { files, packages };
}

function specifiersIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:import|export) type\s[^;]*;/gm, '').replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return [
    ...[...code.matchAll(/^\s*(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm)].map((m) => (m[1] ?? m[2])!),
    ...[...code.matchAll(/new URL\(\s*'(\.{1,2}\/[^'$]+)',\s*import\.meta\.url\s*\)/g)].map((m) => m[1]!),
  ];
}

/** What is missing in the image, in sentences. */
export function faultsOfImage({ files, packages }: Needs, copied: readonly string[], dependencies: Record<string, string>): string[] {
  const isCopied = (file: string): boolean => copied.some((path) => file === path || file.startsWith(`${path}/`));
  return [
    ...[...files].filter((file) => !isCopied(file)).map((file) => `${file} is not copied into the image`),
    ...[...packages].filter((name) => !(name in dependencies)).map((name) => `${name} is imported and is no dependency of production`),
  ];
}
