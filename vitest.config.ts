import { defineConfig } from 'vitest/config';

// Projects by what they need: `unit` nothing, `mock` loopback sockets and our workers, `real` an Apache Kafka.
const shared = { globalSetup: ['test/kit/global_setup.ts'], testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'mock',
          include: ['test/mock/**/*.test.ts', 'test/faults/**/*.test.ts', 'test/examples/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          globalSetup: ['test/kit/global_setup.ts', 'test/kit/real_kafka.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
