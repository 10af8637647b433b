import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/*.test.ts',
    ],
    globalSetup: 'packages/engine/test/world/global-setup.ts',
    // Most files wait for their database half of the time: two at once, even where two cores would give one worker.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Files of one worker share their modules: loading them anew for each was a quarter of the time. No test replaces one.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
