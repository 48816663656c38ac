// 0099 and 0140: what is committed with an offset is bytes, and comes back as such, with the leader epoch.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  rd_kafka_commit,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_poll,
  rd_kafka_topic_partition_get_leader_epoch,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
  type rd_kafka_topic_partition_list_t,
  rd_kafka_topic_partition_set_leader_epoch,
} from '../../../src/rdkafka.ts';
import { aConsumer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** `partitions` partitions of the topic as the group has them committed, asked by a consumer of its own. */
function committedOf(
  t: TestContext,
  { bootstrap }: Env,
  group: string,
  topic: string,
  partitions: number,
): rd_kafka_topic_partition_list_t {
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'group.id': group });
  const list = rd_kafka_topic_partition_list_new(partitions);
  for (let partition = 0; partition < partitions; partition++)
    rd_kafka_topic_partition_list_add(list, topic, partition);
  expect(rd_kafka_committed(c, list, 15_000)).toBe(0);
  rd_kafka_destroy(c);
  return list;
}

/** `bytes` is what a broker keeps as it is: Kafka itself holds a string, so only text survives there. */
export async function metadataThereAndBack(t: TestContext, env: Env, bytes: Buffer): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 3);
  const group = crypto.randomUUID();
  const results: number[] = [];
  const before = committedOf(t, env, group, topic, 1);
  const c = aConsumer(
    t,
    { 'bootstrap.servers': env.bootstrap, 'group.id': group },
    { offset_commit_cb: (_rk, err) => void results.push(err) },
  );
  const list = rd_kafka_topic_partition_list_new(3);
  const [first, second, third] = [0, 1, 2].map((partition) =>
    rd_kafka_topic_partition_list_add(list, topic, partition),
  );
  Object.assign(first!, { offset: 42, metadata: bytes });
  rd_kafka_topic_partition_set_leader_epoch(first!, 0);
  second!.offset = 43;
  Object.assign(third!, { offset: 44, metadata: 'some_metadata' });

  expect(rd_kafka_commit(c, list, false)).toBe(0);
  pollUntil(
    'offset_commit_cb',
    () => rd_kafka_poll(c, 100),
    () => results.length > 0,
  );
  expect(rd_kafka_consumer_close(c)).toBe(0);
  const after = committedOf(t, env, group, topic, 3);

  expect(before.elems.map(({ offset, metadata }) => [offset, metadata])).toEqual([[RD_KAFKA_OFFSET_INVALID, null]]);
  expect(results).toEqual([0]);
  expect(after.elems.map(({ offset, metadata }) => [offset, metadata])).toEqual([
    [42, bytes],
    [43, null],
    [44, Buffer.from('some_metadata')],
  ]);
  expect(after.elems.map((each) => rd_kafka_topic_partition_get_leader_epoch(each))).toEqual([0, -1, -1]);
}
