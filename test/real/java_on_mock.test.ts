// Kafka's own Java client against the mock cluster: alone, in a group of its own, and in one group with kafkajs.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { findJava } from '../../scripts/kafka.mjs';
import { mavenJars } from '../../scripts/maven_jars.mjs';
import { aKafkajs, roundrobin } from '../kit/kafkajs.ts';
import { until } from '../kit/until.ts';
import { aMockCluster, type TestCluster } from '../mock/cluster/kit.ts';

const SOURCE = fileURLToPath(new URL('../../scripts/vectors/JavaClient.java', import.meta.url));
const DEADLINE = { deadline_ms: 90_000 };
let classPath = '';

beforeAll(async () => {
  classPath = (await mavenJars(['org.apache.kafka:kafka-clients:4.1.0'])).join(':');
}, 300_000);

interface JavaClient {
  readonly lines: string[];
  readonly errors: string[];
  readonly exit: Promise<number | null>;
  /** Ends its standard input, which ends a consumer. */
  stop(): void;
}

function java(...args: string[]): JavaClient {
  const child: ChildProcess = spawn(findJava(), ['-Xmx256m', '-cp', classPath, SOURCE, ...args]);
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr! }).on('line', (line) => errors.push(line));
  const exit = new Promise<number | null>((done) => child.on('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { lines, errors, exit, stop: () => child.stdin?.end() };
}

const recordsOf = (client: JavaClient): string[][] =>
  client.lines.filter((line) => line.startsWith('record ')).map((line) => line.split(' ').slice(1));
const texts = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `m${from + i}`);

function stableMembers({ cluster, commands }: TestCluster, group: string): number {
  const view = commands.group_state(cluster, group);
  return view?.state === 'Stable' ? view.members.length : -1;
}

test("Java's producer, idempotent by default, delivers each record once and in order", async () => {
  const t = await aMockCluster({ brokers: 3, topics: { java: 3 } });
  t.commands.mock_start_request_tracking(t.cluster);

  const producer = java('produce', t.bootstrap, 'java', '0', '500');

  expect(await producer.exit, producer.errors.join('\n')).toBe(0);
  const stored = t.commands.records(t.cluster, 'java');
  const values = stored.map((r) => Buffer.from(r.value ?? []).toString());
  expect(values.toSorted()).toEqual(texts(0, 500).toSorted());
  expect(t.commands.mock_get_requests(t.cluster).some((r) => r.apiKey === 22)).toBe(true);
  expect(t.complaints).toEqual([]);
});

test("Java's producer gets through when answers are lost and errors pushed, without a duplicate", async () => {
  const t = await aMockCluster({ brokers: 1, topics: { rough: 1 } });
  t.commands.push_fault(t.cluster, 0, {}, { loseAnswer: true, times: 2 });
  t.commands.push_fault(t.cluster, 0, {}, { error: 7, times: 2 });

  const producer = java('produce', t.bootstrap, 'rough', '0', '300', 'batch.size=500', 'retry.backoff.ms=20');

  expect(await producer.exit, producer.errors.join('\n')).toBe(0);
  const values = t.commands.records(t.cluster, 'rough').map((r) => Buffer.from(r.value ?? []).toString());
  expect(values).toEqual(texts(0, 300));
});

test("Java's consumer with its default settings reads all, commits, and goes on there", async () => {
  const t = await aMockCluster({ brokers: 3, topics: { read: 3 } });
  expect(await java('produce', t.bootstrap, 'read', '0', '200').exit).toBe(0);

  const first = java('consume', t.bootstrap, 'read', 'javas');
  await until(() => recordsOf(first).length >= 200, { ...DEADLINE, what: () => first.errors.join('\n') });
  first.stop();
  expect(await first.exit).toBe(0);
  const committed = [0, 1, 2].reduce((sum, p) => sum + t.commands.committed(t.cluster, 'javas', 'read', p), 0);
  expect(await java('produce', t.bootstrap, 'read', '200', '220').exit).toBe(0);
  const second = java('consume', t.bootstrap, 'read', 'javas');
  await until(() => recordsOf(second).length >= 20, DEADLINE);

  expect(committed).toBe(200);
  expect(
    recordsOf(first)
      .map(([, , , value]) => value)
      .toSorted(),
  ).toEqual(texts(0, 200).toSorted());
  expect(recordsOf(first)[0]?.[4]).toMatch(/^v\d+$/);
  expect(
    recordsOf(second)
      .map(([, , , value]) => value)
      .toSorted(),
  ).toEqual(texts(200, 220).toSorted());
  expect(t.complaints).toEqual([]);
});

test('a Java member and a kafkajs member share one group by roundrobin', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { mixed: 4 } });
  const seenByJs: string[] = [];
  const js = aKafkajs(t.bootstrap).consumer({
    groupId: 'mixed',
    partitionAssigners: [roundrobin],
    sessionTimeout: 45_000,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 50,
  });
  onTestFinished(() => js.disconnect());
  await js.connect();
  await js.subscribe({ topic: 'mixed', fromBeginning: true });
  await js.run({ eachMessage: async ({ message }) => void seenByJs.push(String(message.value)) });
  const assignor = 'partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor';
  const member = java('consume', t.bootstrap, 'mixed', 'mixed', assignor, 'heartbeat.interval.ms=200');
  await until(() => stableMembers(t, 'mixed') === 2, { ...DEADLINE, what: () => member.errors.join('\n') });

  expect(await java('produce', t.bootstrap, 'mixed', '0', '200').exit).toBe(0);
  const all = (): string[] => [...seenByJs, ...recordsOf(member).map(([, , , value]) => value as string)];
  await until(() => all().length >= 200, DEADLINE);

  expect(all().toSorted()).toEqual(texts(0, 200).toSorted());
  expect(seenByJs.length).toBeGreaterThan(0);
  expect(recordsOf(member).length).toBeGreaterThan(0);
  member.stop();
  expect(await member.exit).toBe(0);
  await until(() => stableMembers(t, 'mixed') === 1, DEADLINE);
});
