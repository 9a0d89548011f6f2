/** `npm start`: the whole product on this machine, one command, one Ctrl-C. `-- --demo` also connects the sandbox mailbox, backfills it and asks memory a few questions. */
import { resolve } from 'node:path';
import { build } from 'vite';
import { runDemo } from './demo.ts';
import { startHouse, type House } from './house.ts';

const ROOT = resolve(import.meta.dirname, '..');
const demo = process.argv.includes('--demo');
const port = Number(process.env.HSYNC_PORT ?? 8787);
const dir = resolve(ROOT, process.env.HSYNC_DIR ?? '.dev');

let house: House | null = null, stopping: Promise<void> | null = null;
const stop = (): Promise<void> => stopping ??= (async () => { await house?.stop(); })();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.log('\nStopping ..');
    void stop().then(() => process.exit(0));
  });
}

try {
  console.log('Historical Sync is starting (Postgres, sandbox, Worker, fleet) ..');
  process.env.NODE_ENV = 'production';            // the page people get, also when a test runner starts us
  await build({ configFile: resolve(ROOT, 'web/vite.config.ts'), logLevel: 'error' });
  house = await startHouse({ dir, port, workers: process.env.HSYNC_WORKERS ? Number(process.env.HSYNC_WORKERS) : undefined, say: (line) => console.log(line) });
  console.log(welcome(house));
  if (demo) {
    const code = await runDemo(house);
    await stop();
    process.exit(code);
  }
} catch (error) {
  console.error(`\nCould not start: ${error instanceof Error ? error.message : String(error)}`);
  await stop();
  process.exit(1);
}

function welcome({ url, sandboxUrl, credentials }: House): string {
  const people = credentials.tenants.map((t) => `  ${t.name.padEnd(20)} ${t.email}  ${t.password}`);
  return ['', `Ready: ${url}`, '', 'Sign in as', ...people, '', `API keys: ${dir}/credentials.json   Provider sandbox: ${sandboxUrl}   Stop with Ctrl-C.`, ''].join('\n');
}
