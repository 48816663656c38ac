// Errors, delays and losses that tests push, as clients see them.
import { expect, test } from 'vitest';
import { TESTING_COMMANDS } from '../../../src/mock/testing_commands.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { FakeClock } from '../../kit/fake_clock.ts';
import { until } from '../../kit/until.ts';
import { aMockCluster, type RawClient, rawClient } from './kit.ts';

const PRODUCE = 0;
const FETCH = 1;

function produce(client: RawClient, partition = 0, acks = -1): Promise<number> {
  const records = writeBatch([{ value: 'v', timestamp: 1 }]);
  const body = {
    acks,
    timeoutMs: 1000,
    topicData: [{ name: 't', partitionData: [{ index: partition, records }] }],
  };
  return client.send('Produce', body, 9).then((r) => r.responses[0]?.partitionResponses[0]?.errorCode ?? -1);
}

test('a pushed error is answered once and the request is not done', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_push_request_errors(t.cluster, PRODUCE, [7, 19]);
  const client = rawClient(t);

  const codes = [await produce(client), await produce(client), await produce(client)];

  expect(codes).toEqual([7, 19, 0]);
  expect(t.commands.records(t.cluster, 't')).toHaveLength(1);
});

test('_TRANSPORT cuts the connection before the request is done', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_push_request_errors(t.cluster, PRODUCE, [-195]);

  await expect(produce(rawClient(t))).rejects.toThrow('connection closed');

  expect(t.commands.records(t.cluster, 't')).toHaveLength(0);
});

test('a lost answer is a request that was done', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.push_fault(t.cluster, PRODUCE, {}, { loseAnswer: true });

  await expect(produce(rawClient(t))).rejects.toThrow('connection closed');

  expect(t.commands.records(t.cluster, 't')).toHaveLength(1);
  expect(await produce(rawClient(t))).toBe(0);
});

test('an error pushed with a delay comes that much later', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ topics: { t: 1 }, clock });
  const pairs: [number, number][] = [
    [7, 300],
    [0, 0],
  ];
  expect(t.commands.mock_broker_push_request_error_rtts(t.cluster, 1, PRODUCE, pairs)).toBe(0);
  expect(t.commands.mock_broker_error_stack_cnt(t.cluster, 1, PRODUCE)).toEqual({ err: 0, count: 2 });
  const client = rawClient(t);

  const answer = produce(client);
  await until(() => clock.timerCount === 1);
  clock.advance(299);
  expect(client.answered).toEqual([]);
  clock.advance(1);

  expect(await answer).toBe(7);
  expect(t.commands.mock_broker_error_stack_cnt(t.cluster, 1, PRODUCE).count).toBe(1);
});

test('a round-trip time that the cluster begins with holds back what its first brokers answer', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ brokers: 2, rtt: 300, clock });
  await t.commands.mock_broker_add(t.cluster, 3);
  const clients = [1, 2].map((id) => rawClient(t, id));

  const answers = clients.map((client) => client.send('ListGroups', {}));
  await until(() => clock.timerCount === 2);
  await rawClient(t, 3).send('ListGroups', {});
  clock.advance(299);
  expect(clients.map(({ answered }) => answered)).toEqual([[], []]);
  clock.advance(1);

  await Promise.all(answers);
});

test('reset gives back the round-trip time that the cluster began with', async () => {
  const t = await aMockCluster({ rtt: 300 });
  await t.commands.mock_broker_set_rtt(t.cluster, -1, 5);

  await t.commands.reset(t.cluster);

  expect(t.cluster.brokers().map(({ rtt }) => rtt)).toEqual([300]);
});

test("a broker's own errors are for it alone", async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 2 }, replication: 1 });
  t.commands.mock_broker_push_request_errors(t.cluster, 2, PRODUCE, [7]);

  expect(await produce(rawClient(t, 1), 0)).toBe(0);
  expect(await produce(rawClient(t, 2), 1)).toBe(7);
  expect(t.commands.mock_broker_error_stack_cnt(t.cluster, 9, PRODUCE).err).toBe(-146);
});

test('errors of a partition leave the others alone', async () => {
  const t = await aMockCluster({ topics: { t: 2 } });
  t.commands.mock_partition_push_request_errors(t.cluster, 't', 1, PRODUCE, [7]);
  const client = rawClient(t);

  expect([await produce(client, 0), await produce(client, 1), await produce(client, 1)]).toEqual([0, 7, 0]);
});

test('cleared errors do not come', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_push_request_errors_array(t.cluster, PRODUCE, [7, 7]);

  t.commands.mock_clear_request_errors(t.cluster, PRODUCE);

  expect(await produce(rawClient(t))).toBe(0);
});

test('without acks there is no answer, and an error ends the connection', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);

  produce(client, 0, 0).catch(() => {});
  await client.send('ListGroups', {});
  expect(client.answered).toEqual([2]);
  produce(client, 99, 0).catch(() => {});
  await client.closed;

  expect(t.commands.records(t.cluster, 't')).toHaveLength(1);
});

test('acks that do not exist are refused', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });

  expect(await produce(rawClient(t), 0, 2)).toBe(21);
});

test('a fetch is answered at once when its partition has an error pushed', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_push_request_errors(t.cluster, FETCH, [6]);

  const { errorCode, responses } = await rawClient(t).send('Fetch', {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topicId: t.cluster.topics.get('t')?.id, partitions: [{ partition: 0, partitionMaxBytes: 1e6 }] }],
  });

  expect([errorCode, responses[0]?.partitions[0]?.errorCode]).toEqual([6, 6]);
});

test('a fault that is tied to a topic hits a Fetch of a session, which does not name it any more', async () => {
  const t = await aMockCluster({ topics: { t: 1, u: 1 } });
  const client = rawClient(t);
  const fetch = (sessionId: number, sessionEpoch: number, topics: readonly string[]) =>
    client.send('Fetch', {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1e6,
      sessionId,
      sessionEpoch,
      topics: topics.map((name) => ({
        topicId: t.cluster.topics.get(name)?.id,
        partitions: [{ partition: 0, partitionMaxBytes: 1e6 }],
      })),
    });
  const { sessionId } = await fetch(0, 0, ['t']);
  t.commands.push_fault(t.cluster, FETCH, { topic: 'u' }, { error: 6 });
  t.commands.push_fault(t.cluster, FETCH, { topic: 't' }, { error: 29 });

  const codes = [await fetch(sessionId, 1, []), await fetch(sessionId, 1, [])].map(({ errorCode }) => errorCode);

  expect(sessionId).toBeGreaterThan(0);
  expect(codes).toEqual([29, 0]);
});

test('Metadata answers a tied error for each topic, and makes none', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.push_fault(t.cluster, 3, {}, { error: 29, times: 2 });
  const ask = (names: readonly string[] | null) =>
    rawClient(t).send('Metadata', {
      topics: names?.map((name) => ({ name })) ?? null,
      allowAutoTopicCreation: true,
    });

  const [named, all, after] = [await ask(['t', 'new']), await ask(null), await ask(null)];

  const codes = [named, all, after].map(({ topics }) => topics.map(({ name, errorCode }) => [name, errorCode]));
  expect(codes).toEqual([
    [
      ['t', 29],
      ['new', 29],
    ],
    [['t', 29]],
    [['t', 0]],
  ]);
  expect(named.brokers).toHaveLength(1);
});

test("Metadata overlooks an error of the stacks, as librdkafka's mock does", async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_push_request_errors(t.cluster, 3, [29]);

  const { topics } = await rawClient(t).send('Metadata', { topics: null });

  expect(topics.map(({ errorCode }) => errorCode)).toEqual([0]);
});

test('an UNKNOWN_MEMBER_ID that is tied puts a member out of its classic group', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);
  const join = { groupId: 'g', sessionTimeoutMs: 60_000, protocolType: 'consumer', protocols: [{ name: 'range' }] };
  const { memberId } = await client.send('JoinGroup', { ...join, memberId: '' }, 3);
  const beat = { groupId: 'g', memberId, generationId: 1 };
  t.commands.push_fault(t.cluster, 12, {}, { error: 25 });

  const { errorCode } = await client.send('Heartbeat', beat);

  expect(errorCode).toBe(25);
  expect(t.commands.group_state(t.cluster, 'g')?.members).toEqual([]);
});

test('a request that is not served is seen, too', async () => {
  const t = await aMockCluster({ keepRequests: true });

  await expect(rawClient(t).send('DescribeConfigs', { resources: [] })).rejects.toThrow('connection closed');

  expect(TESTING_COMMANDS.seen_requests(t.cluster, 'DescribeConfigs')).toMatchObject([{ broker: 1, clientId: 'raw' }]);
});

test('an error of a topic shows in its metadata', async () => {
  const t = await aMockCluster({ topics: { t: 1, u: 1 } });
  t.commands.mock_topic_set_error(t.cluster, 't', 29);

  const { topics } = await rawClient(t).send('Metadata', { topics: null });

  expect(topics.map((topic) => [topic.name, topic.errorCode])).toEqual([
    ['t', 29],
    ['u', 0],
  ]);
});

test('requests are recorded with who asked whom for what', async () => {
  const t = await aMockCluster({ brokers: 2 });
  t.commands.mock_start_request_tracking(t.cluster);

  await rawClient(t, 2).send('Metadata', { topics: null }, 5);

  const requests = t.commands.mock_get_requests(t.cluster);
  expect(requests).toMatchObject([{ id: 2, apiKey: 3, apiVersion: 5, clientId: 'raw' }]);
  t.commands.mock_clear_requests(t.cluster);
  expect(t.commands.mock_get_requests(t.cluster)).toEqual([]);
});
