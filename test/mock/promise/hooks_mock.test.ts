// Hooks of consumer_new that need control over the cluster: partitions that are lost, and those that stand still.
import { expect, type TestContext, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { aCluster } from '../../kit/builders.ts';
import { aNewConsumer, assignedTo, namesOf, put } from '../../kit/clients.ts';
import { ofProtocol, PROTOCOLS, type Protocol, pullUntil } from '../../kit/scenarios/promise/clients.ts';
import { next } from '../../kit/scenarios/promise/hooks.ts';
import { freshTopic } from '../../kit/topics.ts';
import { until } from '../../kit/until.ts';

/** A member with one message handed out, whose coordinator then knows it no more; what its hooks were told. */
async function loses(t: TestContext, protocol: Protocol, withLost: boolean): Promise<string[]> {
  const { bootstrap, mock: cluster } = aCluster(t);
  mock.rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster, 200);
  const topic = await freshTopic(bootstrap, 1);
  await put(bootstrap, topic, ['a', 'b']);
  const told: string[] = [];
  const note =
    (what: string) =>
    async (partitions: rk.rd_kafka_topic_partition_t[]): Promise<void> => {
      await new Promise((turn) => setImmediate(turn));
      told.push(`${what} ${namesOf(partitions)} ${rk.assignment_lost(handle)}`.replace(topic, 't'));
    };
  const { rk: handle } = aNewConsumer(t, {
    'bootstrap.servers': bootstrap,
    ...ofProtocol(protocol),
    topics: [topic],
    on_assigned: note('assigned'),
    on_revoked: note('revoked'),
    ...(withLost ? { on_lost: note('lost') } : {}),
  });
  await next(handle);

  const [api, code] =
    protocol === 'consumer'
      ? [mock.RD_KAFKAP_ConsumerGroupHeartbeat, rk.RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH]
      : [mock.RD_KAFKAP_Heartbeat, rk.RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION];
  mock.rd_kafka_mock_push_request_errors(cluster, api, 1, code);
  await pullUntil(handle, () => told.length >= 3, `three rebalances; there were ${told}`);
  await rk.close_async(handle);
  return told;
}

for (const protocol of PROTOCOLS) {
  test(`on_lost is told of what is gone (${protocol})`, async (t) => {
    const told = await loses(t, protocol, true);

    expect(told).toEqual(['assigned t [0] 0', 'lost t [0] 1', 'assigned t [0] 0', 'revoked t [0] 0']);
  });

  test(`without on_lost on_revoked is told of it (${protocol})`, async (t) => {
    const told = await loses(t, protocol, false);

    expect(told).toEqual(['assigned t [0] 0', 'revoked t [0] 1', 'assigned t [0] 0', 'revoked t [0] 0']);
  });
}

test('on_stalled names partitions that stand still, once for each cause', async (t) => {
  const { bootstrap, mock: cluster } = aCluster(t);
  const topic = await freshTopic(bootstrap, 3);
  const told: string[] = [];
  const { rk: handle } = aNewConsumer(t, {
    'bootstrap.servers': bootstrap,
    'heartbeat.interval.ms': 200,
    topics: [topic],
    on_stalled: ({ topic: name, partition }, cause) => {
      expect(name).toBe(topic);
      told.push(`${partition} ${cause}`);
    },
  });
  await pullUntil(handle, () => assignedTo(handle).length === 3, 'an assignment');

  rk.pause_partitions(handle, [{ topic, partition: 0 }]);
  mock.rd_kafka_mock_partition_set_leader(cluster, topic, 1, -1);
  await pullUntil(handle, () => told.length >= 2, `two stalls; there were ${told}`);
  // Both stay as they are, which is not told again.
  const from = performance.now();
  await until(() => performance.now() - from > 2500);

  expect(told.sort()).toEqual(['0 paused', '1 no_leader']);
});
