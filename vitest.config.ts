/** Three kinds of tests: plain Node (with real Postgres, LanceDB, processes), the Worker in workerd, and the page in Chromium. */
import { mkdirSync } from 'node:fs';
import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import type { EdgeHouse } from './tests/edge/setup.ts';

// The Worker's assets binding wants the folder; a fresh clone has not built the page yet.
mkdirSync('web/dist', { recursive: true });

/** What the Worker would get as secrets and variables. Names ending in `-test-only` are no secrets. */
function bindings(house: EdgeHouse): Record<string, string> {
  return {
    APP_URL: 'http://app.test', APP_DATABASE_URL: house.appUrl, AUTH_DATABASE_URL: house.authUrl, NEON_HTTP_URL: house.neonUrl,
    AUTH_SECRET: 'auth-secret-test-only-0123456789abcdef', WORKER_SECRET: 'worker-secret-test-only-0123456789', JOB_TOKEN_SECRET: 'job-token-secret-test-only-0123456',
    TOKEN_KEYS: `k2:${Buffer.alloc(32, 8).toString('base64')},k1:${Buffer.alloc(32, 7).toString('base64')}`, OPERATOR_SECRET: 'operator-secret-test-only-0123456789', WORKER_URL: house.fleetUrl, BACK_ROOM_URL: house.backRoomUrl,
    SIGN_UP: 'open', METRICS_TOKEN: 'metrics-token-test-only-0123456789', FLY_API_URL: house.fleetUrl, FLY_APP: 'edge-app', FLY_API_TOKEN: 'fly-token-test-only',
    SANDBOX_URL: house.sandboxUrl, OPENAI_BASE_URL: `${house.fleetUrl}/model`, ARCHIVE_BYTES_MAX: String(72 << 20), ...house.providers,
    // `npm run fuzz`: nobody reads the machine's environment in workerd.
    ...(process.env.FUZZ_RUNS && { FUZZ_RUNS: process.env.FUZZ_RUNS }), ...(process.env.FUZZ_SEED && { FUZZ_SEED: process.env.FUZZ_SEED }),
  };
}

/** Tests that start everything: Postgres, workerd, sandbox, worker processes. Two houses beside each other. */
const WHOLE_HOUSE = ['real-mail', 'start', 'integrations', 'secrecy', 'openapi', 'later'].map((name) => `tests/${name}.test.ts`);
/** Whole houses in which time matters: how soon somebody who was killed is replaced, how many workers a queue calls for. Alone on the machine. */
const IN_TIME = ['line', 'fleet', 'chaos', 'steer'].map((name) => `tests/${name}.test.ts`);

/** The longest of their kind: begun last they would run while the other core has nothing left to do. */
const LONGEST = /\/tests\/(simulation|start|real-mail|node\/metamorphic)\.test\.ts$/;
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project, moduleId }: TestSpecification): number => project.config.sequence.groupOrder * 2 + (LONGEST.test(moduleId) ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'node', environment: 'node', include: ['tests/*.test.ts', 'tests/node/**/*.test.ts'], exclude: [...WHOLE_HOUSE, ...IN_TIME], maxWorkers: 2, testTimeout: 30_000, hookTimeout: 60_000, sequence: { groupOrder: 0 } } },
      { test: { name: 'house', environment: 'node', include: WHOLE_HOUSE, maxWorkers: 2, testTimeout: 60_000, hookTimeout: 180_000, sequence: { groupOrder: 1 } } },
      { test: { name: 'in-time', environment: 'node', include: IN_TIME, fileParallelism: false, testTimeout: 60_000, hookTimeout: 180_000, sequence: { groupOrder: 2 } } },
      {
        plugins: [cloudflareTest(({ inject }) => ({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings: bindings(inject<EdgeHouse>('edge')) } }))],
        test: { name: 'edge', include: ['tests/edge/**/*.test.ts'], globalSetup: ['tests/edge/setup.ts'], isolate: false, fileParallelism: false, testTimeout: 30_000, hookTimeout: 60_000, sequence: { groupOrder: 3 } },
      },
      { test: { name: 'browser', environment: 'node', include: ['tests/browser/**/*.test.ts'], globalSetup: ['tests/browser/setup.ts'], expect: { poll: { timeout: 10_000 } }, testTimeout: 60_000, hookTimeout: 180_000, bail: 1, fileParallelism: false, sequence: { groupOrder: 4 } } },
    ],
  },
});
