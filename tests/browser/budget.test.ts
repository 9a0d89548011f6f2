/** What a first visit downloads, measured on the build that the house serves: everything index.html leads to without a click. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const DIST = join(import.meta.dirname, '../../web/dist');
const FIRST_LOAD_BYTES_MAX = 200_000;
const gzipped = (file: string): number => gzipSync(readFileSync(join(DIST, file))).length;

/** Files that a page or script names with a path of its own, and what those import statically in turn. */
function reached(file: string, known = new Set<string>()): Set<string> {
  if (known.has(file)) return known;
  known.add(file);
  const text = readFileSync(join(DIST, file), 'utf8');
  const named = file.endsWith('.html')
    ? [...text.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((m) => m[1]!)
    : [...text.matchAll(/(?:^|[;}\s])(?:import|export)[^'"();]*["']\.\/([^"']+)["']/g)].map((m) => `assets/${m[1]!}`);
  for (const next of named) reached(next, known);
  return known;
}

test('the first load stays under 200 KB gzipped, the graph explorer not among it', () => {
  const first = [...reached('index.html')], bytes = first.reduce((sum, file) => sum + gzipped(file), 0);
  expect(first.length).toBeGreaterThan(3);
  expect(bytes, first.map((file) => `${file} ${gzipped(file)}`).join(', ')).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  expect(readFileSync(join(DIST, first.find((file) => file.endsWith('.js') && file.includes('index'))!), 'utf8')).not.toContain('forceAtlas2');
});

test('nothing in the build asks for anything from elsewhere, or for an inline script or style', () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  for (const file of readdirSync(join(DIST, 'assets')).filter((f) => f.endsWith('.css'))) expect(readFileSync(join(DIST, 'assets', file), 'utf8')).not.toMatch(/url\((?!data:)|@import/);
});
