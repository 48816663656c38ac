// Faults of rdkafka-ts/testing: fail, delay, lose_answer, refuse, against producers and consumers of ours.
import { describe, expect, test } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import type { MockCluster } from '../../../src/testing.ts';
import { until } from '../../kit/until.ts';
import { aTestCluster, memberOf, PATIENCE, pollUntil, producerOf, rejected, send } from './kit.ts';

const textsOf = async (c: MockCluster, topic = 'orders'): Promise<(string | null)[]> =>
  (await c.records(topic)).map(({ text }) => text);

describe('a producer', () => {
  test('sends again what failed with an error that may pass; failed requests are not done', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.fail('Produce', 'NOT_LEADER_FOR_PARTITION', { times: 2 });

    const report = await send(producerOf(t, c), 'orders', 'A1');

    expect([report.err, report.offset]).toEqual([0, 0]);
    expect(await c.requests('Produce')).toHaveLength(3);
    expect(await textsOf(c)).toEqual(['A1']);
  });

  test('reports an error that does not pass, and goes on with the next message', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const producer = producerOf(t, c);
    await c.fail('Produce', 'MSG_SIZE_TOO_LARGE');

    const refused = await send(producer, 'orders', 'A1');
    const taken = await send(producer, 'orders', 'A2');

    expect([refused.err, taken.err]).toEqual([k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 0]);
    expect(await textsOf(c)).toEqual(['A2']);
  });

  test('gets its report later when the answer is delayed, and the record is there at once', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const producer = producerOf(t, c);
    await send(producer, 'orders', 'A0');
    await c.delay('Produce', 3000);
    const from = performance.now();
    let reported = false;

    const sending = send(producer, 'orders', 'A1').then(() => {
      reported = true;
    });
    await c.received('orders', 2, PATIENCE);

    expect(reported).toBe(false);
    await sending;
    expect(performance.now() - from).toBeGreaterThanOrEqual(2995);
  });

  test('without idempotence writes twice what was done and not answered', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.lose_answer('Produce');

    const report = await send(producerOf(t, c), 'orders', 'A1');

    expect([report.err, report.offset]).toEqual([0, 1]);
    expect(await textsOf(c)).toEqual(['A1', 'A1']);
  });

  test('with enable.idempotence writes once what was done and not answered', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const producer = producerOf(t, c, { 'enable.idempotence': true });
    await c.lose_answer('Produce');

    const report = await send(producer, 'orders', 'A1');

    expect([report.err, report.offset]).toEqual([0, 0]);
    expect(await c.requests('Produce')).toHaveLength(2);
    expect(await textsOf(c)).toEqual(['A1']);
  });

  test('writes once what was refused, since it was not done', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.refuse('Produce', { times: 2 });

    const report = await send(producerOf(t, c), 'orders', 'A1');

    expect([report.err, report.offset]).toEqual([0, 0]);
    expect(await c.requests('Produce')).toHaveLength(3);
    expect(await textsOf(c)).toEqual(['A1']);
  });
});

describe('a consumer', () => {
  test('fetches again what failed', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a', 'b');
    await c.fail('Fetch', 'NOT_LEADER_FOR_PARTITION', { times: 2 });
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'two messages', () => member.texts.length === 2);

    expect(member.texts).toEqual(['a', 'b']);
    expect((await c.requests('Fetch')).length).toBeGreaterThan(2);
  });

  test('is told of an error that does not pass', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a');
    await c.fail('Fetch', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'orders' });
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'an error and then the message', () => member.texts.length === 1);

    expect(member.errors).toEqual(['TOPIC_AUTHORIZATION_FAILED']);
  });

  test('gets messages later when answers are delayed', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a');
    await c.delay('Fetch', 1500);
    const from = performance.now();
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'a message', () => member.texts.length === 1);

    expect(performance.now() - from).toBeGreaterThanOrEqual(1495);
  });

  test('gets each message once when the answer to a Fetch is lost, or the Fetch refused', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a', 'b');
    await c.lose_answer('Fetch');
    await c.refuse('Fetch');
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'two messages', () => member.texts.length === 2);
    await c.put('orders', 'c');
    await pollUntil([member], 'the third', () => member.texts.length === 3);

    expect(member.texts).toEqual(['a', 'b', 'c']);
  });

  test('has committed what it committed when the answer was lost', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a');
    await c.lose_answer('OffsetCommit');
    const member = memberOf(t, c, 'g', ['orders'], { 'enable.auto.commit': false });
    await pollUntil([member], 'a message', () => member.texts.length === 1);

    const commit = k.rd_kafka_commit_async(member.rk, null);
    await c.committed('g', 'orders', 0, 1, PATIENCE);
    await commit;

    // The one whose answer was lost, and the next try.
    expect(await c.requests('OffsetCommit')).toHaveLength(2);
  });

  test('commits again what was refused', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a');
    await c.refuse('OffsetCommit', { topic: 'orders', partition: 0 });
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'a message', () => member.texts.length === 1);
    await c.committed('g', 'orders', 0, 1, PATIENCE);

    expect((await c.requests('OffsetCommit')).length).toBeGreaterThanOrEqual(2);
  });

  test('joins in spite of a coordinator that fails, refuses and loses what it answers', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.fail('FindCoordinator', 'COORDINATOR_NOT_AVAILABLE');
    await c.fail('JoinGroup', 'COORDINATOR_LOAD_IN_PROGRESS');
    await c.refuse('JoinGroup');
    await c.lose_answer('SyncGroup');
    const member = memberOf(t, c, 'g', ['orders']);

    await pollUntil([member], 'a partition', () => member.owned === 1);

    await c.stable('g', 1, PATIENCE);
    expect((await c.requests('JoinGroup')).length).toBeGreaterThanOrEqual(3);
  });

  test('joins again when a heartbeat is answered that nobody knows it', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const member = memberOf(t, c, 'g', ['orders']);
    await pollUntil([member], 'a partition', () => member.owned === 1);

    await c.fail('Heartbeat', 'UNKNOWN_MEMBER_ID');
    await pollUntil([member], 'another join', () => member.rebalances.length === 3);

    expect(member.rebalances).toEqual(['+1', '-1', '+1']);
  });

  test('of group.protocol=consumer joins again when it is fenced', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const member = memberOf(t, c, 'g', ['orders'], { 'group.protocol': 'consumer' });
    await pollUntil([member], 'a partition', () => member.owned === 1);

    await c.fail('ConsumerGroupHeartbeat', 'FENCED_MEMBER_EPOCH');
    await pollUntil([member], 'another join', () => member.rebalances.filter((change) => change === '+1').length === 2);

    expect(member.owned).toBe(1);
  });
});

describe('where', () => {
  test('a fault for a topic leaves the others alone', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1, others: 1 } });
    const producer = producerOf(t, c);
    await c.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'orders' });

    const other = await send(producer, 'others', 'x');
    const hit = await send(producer, 'orders', 'A1');

    expect([other.err, hit.err]).toEqual([0, k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED]);
  });

  test('a fault for a partition leaves the others alone', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 2 } });
    const { rk, reports } = producerOf(t, c);
    await c.fail('Produce', 'MSG_SIZE_TOO_LARGE', { topic: 'orders', partition: 1 });

    for (const partition of [0, 1]) {
      k.rd_kafka_producev(rk, { topic: 'orders', partition, value: 'x', opaque: partition });
      while (reports.all.length <= partition) await k.rd_kafka_poll_async(rk, 1000);
    }

    expect(reports.all.map(({ err }) => err)).toEqual([0, k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
  });

  test('a fault for a broker leaves the others alone', async (t) => {
    const c = await aTestCluster(t, { brokers: 2, topics: { orders: 2 } });
    await c.move_leader('orders', 0, 1);
    await c.move_leader('orders', 1, 2);
    const { rk, reports } = producerOf(t, c);
    await c.fail('Produce', 'MSG_SIZE_TOO_LARGE', { broker: 2, times: 2 });

    for (const partition of [0, 1, 0, 1, 1]) {
      const { length } = reports.all;
      k.rd_kafka_producev(rk, { topic: 'orders', partition, value: 'x' });
      while (reports.all.length <= length) await k.rd_kafka_poll_async(rk, 1000);
    }

    const TOO_LARGE = k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    expect(reports.all.map(({ err }) => err)).toEqual([0, TOO_LARGE, 0, TOO_LARGE, 0]);
  });

  test('a fault that is to come always ends with reset', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const producer = producerOf(t, c);
    await c.fail('Produce', 'MSG_SIZE_TOO_LARGE', { times: Number.POSITIVE_INFINITY });

    const errors = [];
    for (let i = 0; i < 5; i++) errors.push((await send(producer, 'orders', 'x')).err);
    await c.reset();
    const after = await send(producer, 'orders', 'y');

    expect(new Set(errors)).toEqual(new Set([k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]));
    expect(after.err).toBe(0);
  });

  test('faults come in the order in which they were asked for', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const producer = producerOf(t, c);
    await c.fail('Produce', 'MSG_SIZE_TOO_LARGE');
    await c.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED');

    const errors = [(await send(producer, 'orders', 'x')).err, (await send(producer, 'orders', 'x')).err];

    expect(errors).toEqual([k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED]);
  });

  test('Metadata answers an error for each topic that it is asked for', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.fail('Metadata', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'orders', times: Number.POSITIVE_INFINITY });

    const report = await send(producerOf(t, c), 'orders', 'x');

    expect(report.err).toBe(k.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    expect(await c.records('orders')).toEqual([]);
  });
});

describe('a fault that can not come is refused', () => {
  test.each<[string, (c: MockCluster) => Promise<void>, string]>([
    [
      'a request that Kafka does not have',
      (c) => c.fail('Prodce' as never, 'INVALID_MSG'),
      'Kafka has no request Prodce',
    ],
    ['one that is not served', (c) => c.refuse('DescribeAcls'), 'the mock cluster does not serve DescribeAcls'],
    ['a broker that is not there', (c) => c.delay('Fetch', 1, { broker: 9 }), 'there is no broker 9; brokers: 1, 2'],
    [
      'a topic where none is named',
      (c) => c.refuse('Heartbeat', { topic: 't' }),
      'a Heartbeat request names no topics',
    ],
    [
      'a partition where none is named',
      (c) => c.lose_answer('Metadata', { topic: 't', partition: 0 }),
      'a Metadata request names no partitions',
    ],
  ])('%s', async (_what, ask, text) => {
    const { mock_cluster } = await import('../../../src/testing.ts');
    await using c = await mock_cluster({ brokers: 2 });

    const error = await rejected(ask(c));

    expect(error.constructor).toBe(Error);
    expect(error.message).toContain(text);
  });
});

test('an answer that is held back goes out when the cluster is reset', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const { rk, reports } = producerOf(t, c);
  await c.delay('Produce', 3_600_000);
  k.rd_kafka_producev(rk, { topic: 'orders', value: 'x' });
  await c.received('orders', 1, PATIENCE);

  await c.reset();

  await until(async () => (await k.rd_kafka_poll_async(rk, 100)) >= 0 && reports.all.length === 1);
  expect(reports.all[0]?.err).toBe(0);
});
