import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes and whole small searches; a hang still ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores are common: more files at once would only make real processes wait for each other.
    maxWorkers: 2,
  },
});
