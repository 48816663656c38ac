// The end of a consumer with group.protocol=consumer, in whatever state it is.
import { expect, type TestContext, test } from 'vitest';
import {
  RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE,
  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  rd_kafka_destroy,
  rd_kafka_destroy_flags,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ConsumerGroupHeartbeat,
  RD_KAFKAP_FindCoordinator,
  RD_KAFKAP_OffsetFetch,
  rd_kafka_mock_push_request_errors_array,
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms,
  rd_kafka_mock_start_request_tracking,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, type TestCluster } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { aMember, Member, pollAll, settle } from '../../kit/member.ts';
import { requestsOf } from '../../kit/requests_seen.ts';
import type { TopicEnv } from '../../kit/scenarios/consumer.ts';
import { groupOf } from '../../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../../kit/topics.ts';

/** Heartbeats that nothing but the interval causes come once a minute, or as often as told. */
async function aScene(t: TestContext, intervalMs = 60_000): Promise<TestCluster & TopicEnv> {
  const cluster = aCluster(t, 1);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster.mock, intervalMs);
  return { ...cluster, topic: await freshTopic(cluster.bootstrap, 4), protocol: 'consumer' };
}

const STATES: [state: string, key: number][] = [
  ['the coordinator is looked for', RD_KAFKAP_FindCoordinator],
  ['the group is joined', RD_KAFKAP_ConsumerGroupHeartbeat],
  ['offsets are asked for', RD_KAFKAP_OffsetFetch],
];

for (const [state, key] of STATES) {
  test(`destroy while ${state} ends within its bound`, async (t) => {
    const scene = await aScene(t);
    // Again and again: the state lasts.
    const errors = new Array(500).fill(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    rd_kafka_mock_push_request_errors_array(scene.mock, key, errors);
    rd_kafka_mock_start_request_tracking(scene.mock);
    const c = new Member(t, groupOf(scene)).subscribe(scene.topic);
    pollUntil(
      'the state',
      () => c.poll(20),
      () => requestsOf(scene.mock, key).length > 0,
    );
    const from = performance.now();

    rd_kafka_destroy(c.rk);

    // A second or two, and whatever a busy machine adds: without a bound it would be minutes.
    expect(performance.now() - from).toBeLessThan(30_000);
  });
}

const DESTROYS: [how: string, flags: number, leaves: number][] = [
  ['destroy leaves the group', 0, 1],
  ['destroy with NO_CONSUMER_CLOSE does not leave the group', RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, 0],
];

for (const [how, flags, leaves] of DESTROYS) {
  test(how, async (t) => {
    const scene = await aScene(t);
    rd_kafka_mock_start_request_tracking(scene.mock);
    const beats = (): number => requestsOf(scene.mock, RD_KAFKAP_ConsumerGroupHeartbeat).length;
    const member = aMember(t, groupOf(scene)).subscribe(scene.topic);
    pollAll([member], 'the join and its acknowledgement', () => beats() === 2);

    rd_kafka_destroy_flags(member.rk, flags);

    expect(beats() - 2).toBe(leaves);
  });
}

test('destroy while the application has not answered a rebalance ends, and serves the revoke', async (t) => {
  const scene = await aScene(t, 200);
  const member = aMember(t, groupOf(scene)).subscribe(scene.topic);
  settle([member], 4);
  rd_kafka_mock_start_request_tracking(scene.mock);
  const other = aMember(t, groupOf(scene)).subscribe(scene.topic);
  // The revoke is there, and nobody polls.
  const beats = (): number => requestsOf(scene.mock, RD_KAFKAP_ConsumerGroupHeartbeat).length;
  pollAll([other], 'some heartbeats of both', () => beats() > 10);

  rd_kafka_destroy(member.rk);

  expect(member.rebalances[1]).toBe('-2');
  pollAll([other], 'all partitions', () => other.assigned.length === 4);
});

test('a member that never polls after a rebalance holds up the others no longer than max.poll.interval.ms', async (t) => {
  const scene = await aScene(t, 200);
  const config = groupOf(scene, { 'max.poll.interval.ms': 3000 });
  const stuck = aMember(t, config).subscribe(scene.topic);
  settle([stuck], 4);
  const other = aMember(t, config).subscribe(scene.topic);

  pollAll([other], 'all partitions', () => other.assigned.length === 4);

  expect(stuck.rebalances).toEqual(['+4']);
});
