// Chapter "mock_group" of rdkafka_mock.h, the part on KIP-848 groups, as seen over a socket.
import { expect, onTestFinished, test } from 'vitest';
import { conf_new } from '../../src/api/conf.ts';
import { new_ } from '../../src/api/handle.ts';
import * as mock from '../../src/api/mock.ts';
import * as group from '../../src/api/mock_group.ts';
import { mock_topic_create } from '../../src/api/mock_topics.ts';
import { RD_KAFKA_PRODUCER } from '../../src/defs/enums.ts';
import type { rd_kafka_mock_cluster_t } from '../../src/defs/mock_types.ts';
import type { rd_kafka_t } from '../../src/defs/types.ts';
import { kipGroup } from '../kit/rules/consumer_groups.ts';
import { topicIdOf } from '../kit/rules/peer.ts';
import { until } from '../kit/until.ts';
import { type RawClient, rawClientAt } from './cluster/kit.ts';

interface Setup {
  readonly cluster: rd_kafka_mock_cluster_t;
  readonly client: RawClient;
  readonly g: ReturnType<typeof kipGroup>;
}

/** A cluster with the topic t of four partitions, and a group. */
async function aGroup(): Promise<Setup> {
  const rk = new_(RD_KAFKA_PRODUCER, conf_new(), null) as rd_kafka_t;
  onTestFinished(() => rk[Symbol.dispose]());
  const cluster = mock.mock_cluster_new(rk, 1) as rd_kafka_mock_cluster_t;
  mock_topic_create(cluster, 't', 4, 1);
  const bootstrap = mock.mock_cluster_bootstraps(cluster);
  const client = rawClientAt(Number(bootstrap.split(':')[1]));
  const topicId = await topicIdOf(client, 't');
  return { cluster, client, g: kipGroup({ client, topic: 't', topicId, fresh: () => 'g' }) };
}

const partitions = (...numbers: number[]) => numbers.map((partition) => ({ topic: 't', partition }));

test('members get what a target assignment names for them, and no assignor runs', async () => {
  const { cluster, g } = await aGroup();
  await g.join('a');
  await g.join('b');
  const target = group.mock_cgrp_consumer_target_assignment_new(['a', 'b', 'x'], [partitions(3), [], partitions(0)]);

  group.mock_cgrp_consumer_target_assignment(cluster, 'g', target);

  expect(await g.owns('a', 1, 0, 1, 2, 3)).toEqual([0, 1, [3]]);
  expect(await g.owns('b', 2)).toEqual([0, 3, null]);
  expect(await g.owns('a', 1, 3)).toEqual([0, 3, null]);
  expect(await g.join('c')).toEqual([0, 4, []]);
});

test('null for a target assignment lets the assignor choose again', async () => {
  const { cluster, g } = await aGroup();
  await g.join('a');
  const target = group.mock_cgrp_consumer_target_assignment_new(['a'], [[]]);
  group.mock_cgrp_consumer_target_assignment(cluster, 'g', target);
  await g.owns('a', 1);

  group.mock_cgrp_consumer_target_assignment(cluster, 'g', null);

  expect(await g.owns('a', 2)).toEqual([0, 3, [0, 1, 2, 3]]);
});

test('a target assignment for a group that nobody knows does nothing', async () => {
  const { cluster, g } = await aGroup();
  const target = group.mock_cgrp_consumer_target_assignment_new(['a'], [partitions(0)]);

  group.mock_cgrp_consumer_target_assignment(cluster, 'nobody', target);

  expect(await g.join('a')).toEqual([0, 1, [0, 1, 2, 3]]);
});

test('a target assignment that was destroyed is refused, as are lists that do not fit', async () => {
  const { cluster } = await aGroup();
  const target = group.mock_cgrp_consumer_target_assignment_new([], []);

  group.mock_cgrp_consumer_target_assignment_destroy(target);

  expect(() => group.mock_cgrp_consumer_target_assignment(cluster, 'g', target)).toThrow(/destroyed/);
  expect(() => group.mock_cgrp_consumer_target_assignment_new(['a'], [])).toThrow(RangeError);
});

test('members are told the heartbeat interval that was set', async () => {
  const { cluster, client, g } = await aGroup();

  group.mock_set_group_consumer_heartbeat_interval_ms(cluster, 4321);

  await g.join('a');
  const { heartbeatIntervalMs } = await client.send('ConsumerGroupHeartbeat', {
    groupId: 'g',
    memberId: 'a',
    memberEpoch: 1,
  });
  expect(heartbeatIntervalMs).toBe(4321);
});

test('a member that is silent longer than the session timeout that was set is out', async () => {
  const { cluster, client, g } = await aGroup();
  group.mock_set_group_consumer_session_timeout_ms(cluster, 100);

  await g.join('a');

  const empty = async (): Promise<boolean> => {
    const { groups } = await client.send('ConsumerGroupDescribe', { groupIds: ['g'] });
    return groups[0]!.groupState === 'Empty';
  };
  await until(empty, { what: 'the end of the session', deadline_ms: 20_000 });
  expect(await g.beat('a', 1)).toEqual([25, 0, null]);
});
