// kafkajs against the mock cluster: another client says whether the cluster is a Kafka.
import { randomUUID } from 'node:crypto';
import type { Consumer, EachMessagePayload, Kafka } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { aKafkajs, roundrobin } from '../../kit/kafkajs.ts';
import { until } from '../../kit/until.ts';
import { aMockCluster, type TestCluster } from './kit.ts';

interface Seen {
  readonly text: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Record<string, string>;
}

async function produce(kafka: Kafka, topic: string, texts: string[], partition?: number): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic,
    acks: -1,
    messages: texts.map((value) => ({ value, key: `k-${value}`, headers: { h: 'v' }, partition })),
  });
  await producer.disconnect();
}

async function consumer(kafka: Kafka, groupId: string, topic: string, seen: Seen[]): Promise<Consumer> {
  const made = kafka.consumer({
    groupId,
    partitionAssigners: [roundrobin],
    sessionTimeout: 30_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 50,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 20 },
  });
  onTestFinished(() => made.disconnect());
  await made.connect();
  await made.subscribe({ topic, fromBeginning: true });
  await made.run({
    autoCommitInterval: 50,
    eachMessage: async ({ message, partition }: EachMessagePayload) => {
      seen.push({
        text: message.value?.toString() ?? '',
        partition,
        key: message.key?.toString() ?? null,
        headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([k, v]) => [k, String(v)])),
      });
    },
  });
  return made;
}

const texts = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `m${from + i}`);
const membersOf = ({ cluster, commands }: TestCluster, group: string): number => {
  const view = commands.group_state(cluster, group);
  return view?.state === 'Stable' ? view.members.length : -1;
};

test('kafkajs produces records that the log keeps byte for byte', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { orders: 2 } });

  await produce(aKafkajs(t.bootstrap), 'orders', ['A1', 'A2'], 1);

  const stored = t.commands.records(t.cluster, 'orders');
  expect(stored.map((r) => [r.partition, r.offset, Buffer.from(r.value ?? []).toString()])).toEqual([
    [1, 0, 'A1'],
    [1, 1, 'A2'],
  ]);
  expect(t.complaints).toEqual([]);
});

test('kafkajs reads back from the beginning what it produced, and its commits arrive', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { orders: 4 } });
  const kafka = aKafkajs(t.bootstrap);
  await produce(kafka, 'orders', texts(0, 100));

  const seen: Seen[] = [];
  await consumer(kafka, 'readers', 'orders', seen);

  await until(() => seen.length >= 100, { what: () => `100 messages, ${seen.length} came` });
  expect(seen.map((m) => m.text).sort()).toEqual(texts(0, 100).sort());
  expect(seen[0]).toMatchObject({ key: `k-${seen[0].text}`, headers: { h: 'v' } });
  const committed = (): number =>
    [0, 1, 2, 3].reduce((sum, p) => sum + Math.max(0, t.commands.committed(t.cluster, 'readers', 'orders', p)), 0);
  await until(() => committed() === 100, { what: () => `100 committed, ${committed()} are` });
  expect(t.complaints).toEqual([]);
});

test('kafkajs compresses with gzip and reads it back', async () => {
  const t = await aMockCluster({ topics: { zipped: 1 } });
  const kafka = aKafkajs(t.bootstrap);
  const producer = kafka.producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());

  await producer.send({ topic: 'zipped', compression: 1, messages: texts(0, 50).map((value) => ({ value })) });

  const seen: Seen[] = [];
  await consumer(kafka, 'unzippers', 'zipped', seen);
  await until(() => seen.length === 50);
  expect(t.commands.records(t.cluster, 'zipped')).toHaveLength(50);
});

test('two kafkajs members share the partitions, and the one that stays gets all when the other leaves', async () => {
  const t = await aMockCluster({ brokers: 3, topics: { shared: 4 } });
  const kafka = aKafkajs(t.bootstrap);
  const first: Seen[] = [];
  const second: Seen[] = [];
  await consumer(kafka, 'pair', 'shared', first);
  const leaving = await consumer(kafka, 'pair', 'shared', second);
  await until(() => membersOf(t, 'pair') === 2, { what: 'a stable group of two' });

  await produce(kafka, 'shared', texts(0, 200));
  await until(() => first.length + second.length >= 200);
  const partitionsOfFirst = new Set(first.map((m) => m.partition));
  const partitionsOfSecond = new Set(second.map((m) => m.partition));

  expect([...partitionsOfFirst].some((p) => partitionsOfSecond.has(p))).toBe(false);
  expect([...partitionsOfFirst, ...partitionsOfSecond].sort()).toEqual([0, 1, 2, 3]);
  await leaving.disconnect();
  await until(() => membersOf(t, 'pair') === 1, { what: 'a stable group of one' });
  await produce(kafka, 'shared', texts(200, 300));
  await until(() => new Set([...first, ...second].map((m) => m.text)).size === 300);
});

test('kafkajs finds a broker again that was down, and nothing is lost', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { durable: 2 } });
  const kafka = aKafkajs(t.bootstrap);
  const seen: Seen[] = [];
  await consumer(kafka, 'survivors', 'durable', seen);
  await produce(kafka, 'durable', texts(0, 20));
  await until(() => seen.length >= 20);

  expect(await t.commands.mock_broker_set_down(t.cluster, 2)).toBe(0);
  const late = produce(kafka, 'durable', texts(20, 40));
  expect(await t.commands.mock_broker_set_up(t.cluster, 2)).toBe(0);

  await late;
  await until(() => new Set(seen.map((m) => m.text)).size === 40, { deadline_ms: 60_000 });
});

test('kafkajs creates, lists and deletes topics as an administrator', async () => {
  const t = await aMockCluster({ brokers: 3 });
  const admin = aKafkajs(t.bootstrap).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  const name = `made-${randomUUID()}`;

  const created = await admin.createTopics({ topics: [{ topic: name, numPartitions: 5, replicationFactor: 3 }] });
  const again = await admin.createTopics({ topics: [{ topic: name, numPartitions: 5 }] });
  const described = await admin.fetchTopicMetadata({ topics: [name] });

  expect([created, again]).toEqual([true, false]);
  expect(described.topics[0].partitions).toHaveLength(5);
  expect(new Set(described.topics[0].partitions.map((p) => p.leader)).size).toBe(3);
  expect(await admin.listTopics()).toEqual([name]);
  expect(await admin.fetchTopicOffsets(name)).toHaveLength(5);
  await admin.deleteTopics({ topics: [name] });
  expect(await admin.listTopics()).toEqual([]);
});

test('kafkajs describes and lists a group', async () => {
  const t = await aMockCluster({ topics: { described: 1 } });
  const kafka = aKafkajs(t.bootstrap);
  await consumer(kafka, 'watched', 'described', []);
  await until(() => membersOf(t, 'watched') === 1);
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());

  const { groups } = await admin.describeGroups(['watched']);

  expect(groups[0]).toMatchObject({ groupId: 'watched', state: 'Stable', protocol: 'roundrobin' });
  expect(groups[0].members).toHaveLength(1);
  expect((await admin.listGroups()).groups).toEqual([{ groupId: 'watched', protocolType: 'consumer' }]);
});
