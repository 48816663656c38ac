// The counterparts of librdkafka's example programs, each in a process of its own, on a mock cluster.
import { beforeAll, expect, test } from 'vitest';
import { rd_kafka_mock_broker_set_down } from '../../src/rdkafka_mock.ts';
import { aCluster } from '../kit/builders.ts';
import { programs, type StartProgram } from '../kit/programs.ts';
import * as examples from '../kit/scenarios/librdkafka_examples.ts';
import { freshTopic } from '../kit/topics.ts';

const [PRODUCER, CONSUMER, COMPLEX, PERFORMANCE] = examples.LIBRDKAFKA_EXAMPLES as [string, string, string, string];

let start: StartProgram;
beforeAll(async () => {
  start = await programs(...examples.LIBRDKAFKA_EXAMPLES);
});

test('producer: each line becomes a message', (t) => examples.producerLines(start, aCluster(t)));

test.for(['SIGINT', 'SIGTERM'] as const)('producer: %s leaves no message untold', (name, t) =>
  examples.producerStopped(start, aCluster(t), name),
);

test('producer: what can not be delivered within a moment of the signal is told', async (t) => {
  const { bootstrap, mock } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  rd_kafka_mock_broker_set_down(mock, 1);
  const program = start(PRODUCER, {}, [bootstrap, topic], 'pipe');
  program.process.stdin!.write('one\ntwo\n');
  await program.tells(/(Enqueued[\s\S]*){2}/);

  program.process.kill('SIGTERM');

  expect(await program.ended).toBe(0);
  expect(program.err()).toMatch(/2 message\(s\) could not be delivered\n[\s\S]*(% Not delivered: .*\n){2}$/);
});

test.for(['classic', 'consumer'] as const)('consumer: prints what it gets, and ends in order (%s)', (protocol, t) =>
  examples.consumerPrints(t, start, aCluster(t, 3), protocol),
);

test('complex consumer: a group to its end, its offsets, its members', (t) =>
  examples.complexGroup(t, start, aCluster(t, 3)));

test('complex consumer: partitions by hand as a hexdump, and SIGUSR1', (t) =>
  examples.complexAssigned(t, start, aCluster(t)));

test('complex consumer: it ends in time where no broker answers', async () => {
  const program = start(COMPLEX, {}, ['-b', '127.0.0.1:1', 'topic']);
  await program.tells(/Subscribing/);

  program.process.kill('SIGINT');

  expect(await program.ended).toBe(0);
});

test('performance: as many as were asked for, by producer, simple consumer and group', (t) =>
  examples.performanceCounts(t, start, aCluster(t)));

test('performance: tables have the columns of the C program', (t) => examples.performanceTables(start, aCluster(t)));

test.for(['SIGINT', 'SIGTERM'] as const)('performance: %s at full speed leaves no message untold', (name, t) =>
  examples.performanceStopped(t, start, aCluster(t, 3), name),
);

test('performance: messages of a broker that is down are told as failed when it ends', async (t) => {
  const { bootstrap, mock } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  const program = start(PERFORMANCE, {}, [
    '-P',
    '-t',
    topic,
    '-b',
    bootstrap,
    '-r',
    '1000',
    '-i',
    '50',
    '-X',
    'linger.ms=5',
  ]);
  await program.says(/ [1-9]\d* delivered/);
  rd_kafka_mock_broker_set_down(mock, 1);
  await program.says(/produce failures, [1-9]\d\d in queue/);

  program.process.kill('SIGTERM');

  expect(await program.ended).toBe(1);
  const [, msgs, delivered, failed] = /% (\d+) messages produced [^,]*, (\d+) delivered \(\S+ \d+, (\d+) failed.*\n$/
    .exec(program.out())!
    .map(Number);
  expect(failed).toBeGreaterThan(0);
  expect(delivered! + failed!).toBe(msgs);
});

test('performance: properties of a file, numbers, latencies', (t) => examples.performanceFiles(t, start, aCluster(t)));

test.each([
  [PRODUCER, [], /^% Usage: \S+ <broker> <topic>\n$/],
  [
    CONSUMER,
    ['127.0.0.1:1', 'g', 'classic'],
    /^% Usage: \S+ <broker> <group.id> <group.protocol> <topic1> <topic2>..\n$/,
  ],
  [CONSUMER, ['127.0.0.1:1', 'g', 'modern', 't'], /group\.protocol/],
  [COMPLEX, [], /^Usage: \S+ \[options\] <topic\[:part\]>[\s\S]*-X <prop=name>/],
  [COMPLEX, ['-w', 't'], /^Usage: /],
  [COMPLEX, ['-X', 'no.such=1', 't'], /^% .*no\.such/],
  [PERFORMANCE, ['-P'], /^Usage: \S+ \[-C\|-P\] -t <topic>/],
  [PERFORMANCE, ['-Z'], /^Unknown option: Z\nUsage: /],
  [PERFORMANCE, ['-t', 't', 'u'], /^Unknown argument: u\nUsage: /],
  [PERFORMANCE, ['-t', 't', '-C'], /^% -C wants its partitions/],
  [PERFORMANCE, ['-t', 't', '-G', 'g', '-H', 'a=b'], /^% A consumer can not add headers\n$/],
  [PERFORMANCE, ['-S', 'g', '-t', 't'], /no share consumers yet/],
  [PERFORMANCE, ['-P', '-t', 't', '-T', '1000'], /no statistics yet/],
  [PERFORMANCE, ['-P', '-t', 't', '-Y', 'cat'], /no statistics yet/],
  [PERFORMANCE, ['-P', '-t', 't', '-r', '0'], /^% Invalid rate: 0\n$/],
  [PERFORMANCE, ['-P', '-t', 't', '-X', 'security.protocol=ssl'], /not supported yet/],
])('%s %j says what is wrong', async (name, args, text) => {
  const program = start(name, {}, args);

  expect(await program.ended).toBe(1);
  expect(program.err()).toMatch(text);
});

test.each([COMPLEX, PERFORMANCE])('%s lists the properties, and their values', async (name) => {
  const [list, dump] = [
    start(name, {}, ['-X', 'list']),
    start(name, {}, ['-X', 'linger.ms=7', '-X', 'acks=1', '-X', 'dump']),
  ];

  expect([await list.ended, await dump.ended]).toEqual([0, 0]);
  expect(list.out()).toContain('queue.buffering.max.messages');
  expect(dump.out()).toMatch(/^# Global config\n[\s\S]*queue\.buffering\.max\.ms = 7\n[\s\S]*\n# Topic config\n/);
});
