// The counterparts of librdkafka's example programs on a real Kafka.
import { beforeAll, inject, test } from 'vitest';
import { programs, type StartProgram } from '../kit/programs.ts';
import * as examples from '../kit/scenarios/librdkafka_examples.ts';

let start: StartProgram;
beforeAll(async () => {
  start = await programs(...examples.LIBRDKAFKA_EXAMPLES);
});

const env = (): { bootstrap: string } => ({ bootstrap: inject('bootstrap') });

test('producer: each line becomes a message', () => examples.producerLines(start, env()));

test.each(['SIGINT', 'SIGTERM'] as const)('producer: %s leaves no message untold', (name) =>
  examples.producerStopped(start, env(), name),
);

test.for(['classic', 'consumer'] as const)('consumer: prints what it gets, and ends in order (%s)', (protocol, t) =>
  examples.consumerPrints(t, start, env(), protocol),
);

test('complex consumer: a group to its end, its offsets, its members', (t) => examples.complexGroup(t, start, env()));

test('complex consumer: partitions by hand as a hexdump, and SIGUSR1', (t) =>
  examples.complexAssigned(t, start, env()));

test('performance: as many as were asked for, by producer, simple consumer and group', (t) =>
  examples.performanceCounts(t, start, env()));

test('performance: tables have the columns of the C program', () => examples.performanceTables(start, env()));

test.for(['SIGINT', 'SIGTERM'] as const)('performance: %s at full speed leaves no message untold', (name, t) =>
  examples.performanceStopped(t, start, env(), name),
);

test('performance: properties of a file, numbers, latencies', (t) => examples.performanceFiles(t, start, env()));
