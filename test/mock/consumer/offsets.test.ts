// Offsets, asked for, stored and committed: what the numbered scenarios leave open.

import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import { offsets_for_times_async, out, query_watermark_offsets_async } from '../../../src/index.ts';
import {
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_commit_queue,
  rd_kafka_commit_queue_async,
  rd_kafka_committed,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  rd_kafka_get_watermark_offsets,
  rd_kafka_list_groups_async,
  rd_kafka_offset_store,
  rd_kafka_offset_store_message,
  rd_kafka_offsets_for_times,
  rd_kafka_poll,
  rd_kafka_queue_destroy,
  rd_kafka_queue_new,
  rd_kafka_queue_poll_callback,
  type rd_kafka_t,
  rd_kafka_topic_new,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ListOffsets,
  RD_KAFKAP_OffsetCommit,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import {
  aCluster,
  aConsumer,
  aProducer,
  type Config,
  type TestCallbacks,
  type TestCluster,
} from '../../kit/builders.ts';
import { consumeMessages, pollUntil } from '../../kit/consuming.ts';
import { MsgVer } from '../../kit/msgver.ts';
import { produceMessages } from '../../kit/reports.ts';

const TOPIC = 'test';

/** A topic with messages in partition 0, and a consumer of it. */
function consuming(
  t: TestContext,
  cluster: TestCluster,
  count: number,
  config: Config = {},
  callbacks: TestCallbacks = {},
): rd_kafka_t {
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 2, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': cluster.bootstrap });
  const id = produceMessages(p, TOPIC, 0, 0, count);
  const c = aConsumer(t, { 'bootstrap.servers': cluster.bootstrap, ...config }, callbacks);
  expect(rd_kafka_assign(c, [{ topic: TOPIC, partition: 0, offset: RD_KAFKA_OFFSET_BEGINNING }])).toBe(0);
  consumeMessages(c, new MsgVer(id), count);
  return c;
}

function committedOf(rk: rd_kafka_t): number {
  const list = [{ topic: TOPIC, partition: 0, offset: 0 }];
  expect(rd_kafka_committed(rk, list, 15_000)).toBe(0);
  return list[0]!.offset;
}

test('offsets by time that a leader refuses stay timestamps, and the entry says why', (t) => {
  const cluster = aCluster(t, 2);
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 2, 2)).toBe(0);
  for (const [partition, broker] of [1, 2].entries())
    expect(rd_kafka_mock_partition_set_leader(cluster.mock, TOPIC, partition, broker)).toBe(0);
  const moved = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
  rd_kafka_mock_broker_push_request_error_rtts(cluster.mock, 2, RD_KAFKAP_ListOffsets, 1, moved, 0);
  const { rk } = aProducer(t, { 'bootstrap.servers': cluster.bootstrap });
  const list = [0, 1].map((partition) => ({ topic: TOPIC, partition, offset: 123, err: 0 }));

  const codes = [rd_kafka_offsets_for_times(rk, list, 15_000), ...list.map(({ err }) => err)];

  expect(codes.map(rd_kafka_err2name)).toEqual(['NOT_LEADER_FOR_PARTITION', 'NO_ERROR', 'NOT_LEADER_FOR_PARTITION']);
  expect(list.map(({ offset }) => offset)).toEqual([123, 123]);
});

test('the twins give what the calls give, and reject with their errors', async (t) => {
  const cluster = aCluster(t, 1);
  const c = consuming(t, cluster, 5);

  expect(await query_watermark_offsets_async(c, TOPIC, 0, 15_000)).toEqual({ low: 0, high: 5 });
  const list = [{ topic: TOPIC, partition: 0, offset: 0 }];
  expect(await offsets_for_times_async(c, list, 15_000)).toBe(list);
  expect(list[0]!.offset).toBe(0);
  await expect(query_watermark_offsets_async(c, TOPIC, 7, 15_000)).rejects.toMatchObject({
    type: '_UNKNOWN_PARTITION',
  });
  expect((await rd_kafka_list_groups_async(c, 'no-such-group', 15_000)).groups).toEqual([]);
  const told: number[] = [];
  await rd_kafka_commit_queue_async(c, null, (_rk, err) => void told.push(err), null);
  expect(told).toEqual([0]);
});

test('watermarks stay known behind the assignment, and grow while nothing is handed out', (t) => {
  const cluster = aCluster(t, 1);
  const c = consuming(t, cluster, 5);
  const high = (): number => {
    const [low, value] = [out<number>(), out<number>()];
    expect(rd_kafka_get_watermark_offsets(c, TOPIC, 0, low, value)).toBe(0);
    expect(low.value).toBe(0);
    return value.value;
  };
  const first = high();
  produceMessages(aProducer(t, { 'bootstrap.servers': cluster.bootstrap }), TOPIC, 0, 5, 3);
  pollUntil(
    'the new end',
    () => rd_kafka_poll(c, 50),
    () => high() === 8,
  );
  expect(rd_kafka_assign(c, null)).toBe(0);

  expect([first, high()]).toEqual([5, 8]);
});

test('the result of a commit goes to its queue, with the opaque of the call, and not to offset_commit_cb', (t) => {
  const cluster = aCluster(t, 1);
  const always: number[] = [];
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 2, 1)).toBe(0);
  const c = aConsumer(
    t,
    { 'bootstrap.servers': cluster.bootstrap, 'enable.auto.commit': false },
    { offset_commit_cb: (_rk, err) => void always.push(err) },
  );
  const queue = rd_kafka_queue_new(c);
  const told: unknown[] = [];
  const cb = (_rk: rd_kafka_t, err: number, offsets: rd_kafka_topic_partition_list_t, opaque: unknown): void => {
    told.push([err, offsets.elems.map(({ offset, metadata }) => [offset, metadata?.toString()]), opaque]);
  };
  const offsets = [{ topic: TOPIC, partition: 0, offset: 5, metadata: 'm' }];

  expect(rd_kafka_commit_queue(c, offsets, queue, cb, 'opaque')).toBe(0);
  pollUntil(
    'the result',
    () => rd_kafka_queue_poll_callback(queue, 100),
    () => told.length > 0,
  );
  expect(rd_kafka_commit(c, [{ topic: TOPIC, partition: 0, offset: 6 }], true)).toBe(0);
  pollUntil(
    'the other result',
    () => rd_kafka_poll(c, 100),
    () => always.length > 0,
  );

  expect(told).toEqual([[0, [[5, 'm']], 'opaque']]);
  expect(always).toEqual([0]);
  rd_kafka_queue_destroy(queue);
});

test('an asynchronous commit that fails and that nobody listens to is logged', (t) => {
  const cluster = aCluster(t, 1);
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 2, 1)).toBe(0);
  const denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  rd_kafka_mock_push_request_errors(cluster.mock, RD_KAFKAP_OffsetCommit, 1, denied);
  const lines: string[] = [];
  const log = (_level: number, fac: string, text: string): void => void lines.push(`${fac} ${text}`);
  const c = aConsumer(t, { 'bootstrap.servers': cluster.bootstrap }, { log });
  const failures = (): string[] => lines.filter((line) => line.startsWith('COMMITFAIL'));

  expect(rd_kafka_commit(c, [{ topic: TOPIC, partition: 0, offset: 5 }], true)).toBe(0);
  pollUntil(
    'the log line',
    () => rd_kafka_poll(c, 100),
    () => failures().length > 0,
  );

  expect(failures()).toEqual([expect.stringContaining(`${TOPIC} [0] at 5`)]);
});

test('with enable.auto.offset.store what was handed out counts, whatever was stored before', (t) => {
  const c = consuming(t, aCluster(t, 1), 5, { 'enable.auto.commit': false });
  const rkt = rd_kafka_topic_new(c, TOPIC, null)!;

  expect(rd_kafka_offset_store(rkt, 0, 1)).toBe(0);
  expect(rd_kafka_commit(c, null, false)).toBe(0);

  expect(committedOf(c)).toBe(5);
});

test('what is not a consumed message has no offset to store', (t) => {
  const cluster = aCluster(t, 1);
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 1, 1)).toBe(0);
  const c = aConsumer(t, { 'bootstrap.servers': cluster.bootstrap, 'enable.partition.eof': true });
  expect(rd_kafka_assign(c, [{ topic: TOPIC, partition: 0, offset: 0 }])).toBe(0);
  let message = rd_kafka_consumer_poll(c, 200);
  pollUntil(
    'the end',
    () => {
      message = rd_kafka_consumer_poll(c, 200);
    },
    () => message !== null,
  );

  expect(rd_kafka_err2name(message!.err)).toBe('_PARTITION_EOF');
  expect(rd_kafka_offset_store_message(message!)).toMatchObject({ type: '_INVALID_ARG' });
});

test('an automatic commit that the coordinator answers late costs it no connection', async (t) => {
  const cluster = aCluster(t, 1);
  rd_kafka_mock_broker_push_request_error_rtts(cluster.mock, 1, RD_KAFKAP_OffsetCommit, 1, 0, 500);
  const config = { 'group.id': 'late', 'auto.commit.interval.ms': 100 };
  const log: string[] = [];
  const c = consuming(t, cluster, 5, config, { log: (level, fac) => void (level < 7 && log.push(fac)) });
  const asker = aConsumer(t, { 'bootstrap.servers': cluster.bootstrap, ...config });

  pollUntil(
    'the commit',
    () => rd_kafka_consumer_poll(c, 10),
    () => committedOf(asker) === 5,
  );

  expect(log).toEqual([]);
});
