/** Three kinds of tests: plain Node (with real Postgres, LanceDB, processes), the Worker in workerd, and the page in Chromium. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'node', environment: 'node', include: ['tests/*.test.ts', 'tests/node/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 } },
    ],
  },
});
