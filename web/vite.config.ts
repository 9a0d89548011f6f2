/** How the page is built: root web/, into web/dist, no plugin; `#contract/*` resolves through package.json. Prints what a first visit downloads. */
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

/** A first visit, gzipped. The graph explorer will be loaded on demand and does not count. */
const FIRST_LOAD_BYTES_MAX = 200_000;

/** The stylesheets that Vite loads together with a chunk. */
const styleOf = (file: unknown): string[] => [...(file as { viteMetadata?: { importedCss?: Set<string> } } | undefined)?.viteMetadata?.importedCss ?? []];

const firstLoad: Plugin = {
  name: 'first-load',
  apply: 'build',
  generateBundle(_, bundle) {
    const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry);
    const needed = new Set<string>();
    const need = (name: string): void => {
      const file = bundle[name];
      if (!file || needed.has(name)) return;
      needed.add(name);
      if (file.type === 'chunk') file.imports.forEach(need);
    };
    if (entry) need(entry.fileName);
    for (const name of needed) for (const style of styleOf(bundle[name])) need(style);
    need('index.html');
    const bytes = [...needed].reduce((sum, name) => { const file = bundle[name]; return sum + (file ? gzipSync(file.type === 'chunk' ? file.code : file.source).length : 0); }, 0);
    if (bytes > FIRST_LOAD_BYTES_MAX) this.error(`First load is ${bytes} bytes gzipped, more than ${FIRST_LOAD_BYTES_MAX}.`);
    console.log(`first load: ${(bytes / 1_000).toFixed(1)} KB gzip (at most ${FIRST_LOAD_BYTES_MAX / 1_000})`);
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [firstLoad],
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // light-dark() as it is: every browser that can run the page knows it.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Small pictures as data: addresses would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // zod, what sets it up, and the schemas in one file, so that they run in this order whoever needs them first (client/jitless.ts).
      output: { codeSplitting: { groups: [{ name: 'language', test: /[\\/]node_modules[\\/]zod[\\/]|[\\/]contract[\\/]|[\\/]client[\\/]jitless/ }] } },
      // Radix marks its files "use client" for server rendering, which there is none of here.
      onLog(level, log, say) { if (log.code !== 'MODULE_LEVEL_DIRECTIVE') say(level, log); },
    },
  },
});
