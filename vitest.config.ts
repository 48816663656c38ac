import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Projects by what they need: `unit` nothing, `mock` loopback sockets and our workers, `real` an Apache Kafka.
// Time-outs are for what hangs: no test that is well takes a fifth of its own on a quiet machine. Strict: a promise of ours
// that rejects unheard is an error of the run.
const shared = {
  globalSetup: ['test/kit/global_setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 120_000,
  execArgv: ['--unhandled-rejections=strict'],
};

// Examples import the package by its name, as users do; here that means the sources. Each project wants it for itself.
const door = (name: string): string => fileURLToPath(new URL(`./src/${name}.ts`, import.meta.url));
const resolve = {
  alias: [
    { find: /^rdkafka-ts$/, replacement: door('index') },
    { find: /^rdkafka-ts\/(rdkafka|rdkafka_mock|program|testing)$/, replacement: door('$1') },
  ],
};

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests of the mock cluster wait for something: three files at a time on a machine of two cores.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        resolve,
        test: {
          ...shared,
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'mock',
          testTimeout: 120_000,
          include: [
            'test/mock/**/*.test.ts',
            'test/faults/**/*.test.ts',
            'test/docs/**/*.test.ts',
            'test/examples/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          globalSetup: ['test/kit/global_setup.ts', 'test/kit/real_kafka.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
